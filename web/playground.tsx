import 'graphiql/setup-workers/vite'
import 'graphiql/style.css'
import { GraphiQL, type GraphiQLProps } from 'graphiql'
import { createRoot } from 'react-dom/client'
import { authorisation } from './api.ts'
import { exampleQueries } from './example-queries.ts'

/** Asks this service, with the key of this tab; what the editor's own headers say comes last. */
const fetcher: GraphiQLProps['fetcher'] = async (question, options) => {
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
