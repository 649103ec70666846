import { relative } from 'node:path'
import { type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast'
import * as is from 'typescript/unstable/ast/is'
import { API } from 'typescript/unstable/sync'

export type ImportOf = {
  readonly specifier: string
  /** Gone at run time: `import type`, `export type … from`, `import('…').Type`. */
  readonly isType: boolean
  readonly line: number
}

/** Something that a file takes from its surroundings instead of being given it. */
export type Ambient = { readonly name: string; readonly line: number }

/** What one source file says about itself, read from the compiler's own syntax tree. */
export type Source = {
  /** Relative to `src`, with forward slashes. */
  readonly path: string
  readonly lines: number
  readonly imports: readonly ImportOf[]
  readonly ambients: readonly Ambient[]
  readonly functions: readonly { readonly line: number; readonly lines: number }[]
}

const GENERATED = 'store/generated/'
const TIMERS = new Set(['setTimeout', 'setInterval', 'setImmediate'])
/** Members of these globals that the outside decides. */
const MEMBERS = new Set(['process.env', 'Date.now', 'Math.random'])

/** Every file under `src` but the generated ones. `root` must hold a tsconfig.json. */
export function readSources(root: string): Source[] {
  const api = new API({ cwd: root })
  try {
    const tsconfig = `${root.replace(/\/$/, '')}/tsconfig.json`
    const project = api.updateSnapshot({ openProjects: [tsconfig] }).getProject(tsconfig)
    if (project === undefined) throw new Error(`${tsconfig} cannot be opened`)
    const names = project.program.getSourceFileNames().map((name) => ({ name, path: pathIn(root, name) }))
    const ours = names.filter(({ path }) => /^[^.].*\.ts$/.test(path) && !path.startsWith(GENERATED))
    return ours.map(({ name, path }) => readSource(path, project.program.getSourceFile(name)!))
  } finally {
    api.close()
  }
}

const pathIn = (root: string, name: string) => relative(`${root}/src`, name).replaceAll('\\', '/')

function readSource(path: string, file: SourceFile): Source {
  const imports: ImportOf[] = []
  const ambients: Ambient[] = []
  const functions: { line: number; lines: number }[] = []
  const lineAt = (position: number) => file.getLineAndCharacterOfPosition(position).line + 1
  const visit = (node: Node) => {
    const line = lineAt(node.getStart(file))
    const found = importOf(node)
    if (found !== undefined) imports.push({ ...found, line })
    const name = ambientOf(node)
    if (name !== undefined) ambients.push({ name, line })
    if (isFunction(node)) functions.push({ line, lines: lineAt(node.end) - line + 1 })
    node.forEachChild(visit)
  }
  visit(file)
  return { path, lines: file.text.split('\n').length - 1, imports, ambients, functions }
}

const isFunction = (node: Node) =>
  is.isFunctionDeclaration(node) ||
  is.isFunctionExpression(node) ||
  is.isArrowFunction(node) ||
  is.isMethodDeclaration(node)

function importOf(node: Node): Omit<ImportOf, 'line'> | undefined {
  if (is.isImportDeclaration(node) && is.isStringLiteral(node.moduleSpecifier)) {
    const isType = node.importClause?.phaseModifier === SyntaxKind.TypeKeyword
    return { specifier: node.moduleSpecifier.text, isType }
  }
  if (is.isExportDeclaration(node) && node.moduleSpecifier && is.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, isType: node.isTypeOnly }
  }
  if (is.isImportTypeNode(node) && is.isLiteralTypeNode(node.argument) && is.isStringLiteral(node.argument.literal)) {
    return { specifier: node.argument.literal.text, isType: true }
  }
  if (!is.isCallExpression(node)) return undefined
  const [first] = node.arguments
  const asks = node.expression.kind === SyntaxKind.ImportKeyword || isMember(node.expression, 'resolve')
  return asks && first && is.isStringLiteral(first) ? { specifier: first.text, isType: false } : undefined
}

/** `import.meta.resolve`: a package found that way is used all the same. */
function isMember(node: Node, name: string): boolean {
  return is.isPropertyAccessExpression(node) && node.name.text === name && is.isMetaProperty(node.expression)
}

function ambientOf(node: Node): string | undefined {
  if (is.isNewExpression(node) && is.isIdentifier(node.expression) && node.expression.text === 'Date') {
    return (node.arguments?.length ?? 0) === 0 ? 'new Date()' : undefined
  }
  if (is.isPropertyAccessExpression(node) && is.isIdentifier(node.expression)) {
    const name = `${node.expression.text}.${node.name.text}`
    return MEMBERS.has(name) ? name : undefined
  }
  if (!is.isCallExpression(node) || !is.isIdentifier(node.expression)) return undefined
  const { text } = node.expression
  if (text === 'Date') return 'Date()'
  return TIMERS.has(text) ? text : undefined
}
