import 'graphiql/setup-workers/vite'
import 'graphiql/style.css'
import { GraphiQL, type GraphiQLProps } from 'graphiql'
import { getOperationAST, parse } from 'graphql'
import { createClient } from 'graphql-ws'
import { createRoot } from 'react-dom/client'
import { authorisation } from './api.ts'
import { exampleQueries } from './example-queries.ts'

/** Opens when something is subscribed to, and closes with the last of it. A socket cannot send headers: the key goes with its first message. */
const sockets = createClient({
  url: new URL('/graphql', location.href).href.replace('http', 'ws'),
  connectionParams: authorisation
})

/** Asks this service, with the key of this tab; what the editor's own headers say comes last. */
const fetcher: GraphiQLProps['fetcher'] = async (question, options) => {
  const operation = operationIn(question)
  const asked = operation?.name ? { ...question, operationName: operation.name.value } : question
  if (operation?.operation === 'subscription') return sockets.iterate(asked) as AsyncIterableIterator<object>
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      ...authorisation(),
      ...options?.headers
    },
    body: JSON.stringify(asked)
  })
  return response.json()
}

type Question = Parameters<GraphiQLProps['fetcher']>[0]

/** Just after a change of tabs the editor still names the operation of the tab before: then the only one there is, is meant. */
function operationIn({ query, operationName }: Question) {
  try {
    const document = parse(query)
    return getOperationAST(document, operationName) ?? getOperationAST(document)
  } catch {
    // What cannot be read the service refuses, with the place.
    return null
  }
}

const page = document.getElementById('page')
if (page !== null) {
  createRoot(page).render(
    <GraphiQL
      fetcher={fetcher}
      defaultTabs={exampleQueries(Date.now()).map((query) => ({ query }))}
      shouldPersistHeaders={false}
    >
      <GraphiQL.Logo>
        <a href="/">Contango</a>
      </GraphiQL.Logo>
    </GraphiQL>
  )
}
