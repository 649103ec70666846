import {
  type ASTVisitor,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLNamedType,
  getNamedType,
  isCompositeType,
  isObjectType,
  Kind,
  type SelectionSetNode,
  type ValidationContext
} from 'graphql'
import { LIMIT_DEFAULT } from '../../contract/board-parameters.ts'

/** What one document may ask. */
export type Limits = {
  /** Fields inside fields. */
  readonly depth: number
  /** Fields and fragments, counted wherever they are written out. */
  readonly selections: number
  /** Fields at the top: each is a query of its own. */
  readonly roots: number
  /** Rows that the lists may bring together. */
  readonly rows: number
}

export const LIMITS: Limits = { depth: 10, selections: 2_000, roots: 20, rows: 50_000 }

/** Words of a document: `{ a }` has three. More is refused before anything else is done with it. */
export const TOKENS_MAX = 4_000

type Count = { depth: number; selections: number; rows: number }

/** A validation rule: refuses documents that ask for more than the limits, fragments written out, introspection left alone. */
export function limitRule({ depth, selections, roots, rows }: Limits): (context: ValidationContext) => ASTVisitor {
  return (context) => ({
    OperationDefinition(node) {
      const refuse = (message: string) => context.reportError(new GraphQLError(message, { nodes: node }))
      const count: Count = { depth: 0, selections: 0, rows: 0 }
      const walk = createWalk(context, count, { depth, selections })
      const root = context.getSchema().getRootType(node.operation)
      const rootCount = walk(node.selectionSet, root ?? undefined, { level: 1, parents: 1 })
      if (count.depth > depth) return refuse(`The query is more than ${depth} fields deep.`)
      if (count.selections > selections) return refuse(`The query has more than ${selections} fields.`)
      if (rootCount > roots)
        return refuse(`The query asks for ${rootCount} things at once; at most ${roots} are answered.`)
      if (count.rows > rows) {
        refuse(
          `The lists of the query may bring ${count.rows} rows together; at most ${rows} are answered. Lower \`first\`.`
        )
      }
      return undefined
    }
  })
}

type Place = { readonly level: number; readonly parents: number }
type Type = GraphQLNamedType | undefined

/** Counts a selection with everything inside it, and stops early where a limit is passed; answers its own fields. */
function createWalk(context: ValidationContext, count: Count, most: Pick<Limits, 'depth' | 'selections'>) {
  const open = new Set<FragmentDefinitionNode>()
  const typeNamed = (name: string) => context.getSchema().getType(name)
  const walk = (set: SelectionSetNode, type: Type, place: Place): number => {
    let fields = 0
    for (const selection of set.selections) {
      count.selections += 1
      if (count.selections > most.selections || count.depth > most.depth) return fields
      if (selection.kind === Kind.FIELD) {
        fields += 1
        walkField(selection, type, place)
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        const { typeCondition } = selection
        fields += walk(selection.selectionSet, typeCondition ? typeNamed(typeCondition.name.value) : type, place)
      } else fields += walkFragment(selection.name.value, place)
    }
    return fields
  }
  const walkField = (field: FieldNode, parent: Type, { level, parents }: Place) => {
    // Introspection is of a fixed size, and needs its depth.
    if (field.name.value.startsWith('__') || field.selectionSet === undefined) return
    const found = isObjectType(parent) ? parent.getFields()[field.name.value] : undefined
    const type = found && getNamedType(found.type)
    const isList = type !== undefined && isCompositeType(type) && type.name.endsWith('Connection')
    const rows = isList ? parents * rowsOf(field) : parents
    if (isList) count.rows += rows
    count.depth = Math.max(count.depth, level + 1)
    walk(field.selectionSet, type, { level: level + 1, parents: rows })
  }
  const walkFragment = (name: string, place: Place): number => {
    const fragment = context.getFragment(name)
    // One that contains itself is refused by GraphQL's own rules.
    if (fragment === undefined || fragment === null || open.has(fragment)) return 0
    open.add(fragment)
    const fields = walk(fragment.selectionSet, typeNamed(fragment.typeCondition.name.value), place)
    open.delete(fragment)
    return fields
  }
  return walk
}

/** How many rows a list may have: `first`, or what a page has without it. What a variable says is seen when the rows are read. */
function rowsOf(field: FieldNode): number {
  const first = field.arguments?.find(({ name }) => name.value === 'first')?.value
  return first?.kind === Kind.INT ? Math.max(1, Number(first.value)) : LIMIT_DEFAULT
}
