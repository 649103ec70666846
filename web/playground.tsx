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
  if (isSubscription(question)) return sockets.iterate(question) as AsyncIterableIterator<object>
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      ...authorisation(),
      ...options?.headers
    },
    body: JSON.stringify(question)
  })
  return response.json()
}

function isSubscription({ query, operationName }: Parameters<GraphiQLProps['fetcher']>[0]): boolean {
  return getOperationAST(parse(query), operationName)?.operation === 'subscription'
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
