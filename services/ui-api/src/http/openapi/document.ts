import { tags, refusal } from '@yardmaster/rest'
import { buildbotPaths, buildbotTag, rpcSchemas } from './buildbot-paths.js'
import { refusals, type Paths } from './operation.js'
import { ownPaths } from './own-routes.js'
import { openSchemaBook, type JsonSchema } from './schema-book.js'

export type OpenApiDocument = {
  openapi: '3.1.0'
  info: { title: string; version: string; description: string; license: { name: string; identifier: string } }
  servers: { url: string; description: string }[]
  tags: { name: string; description: string }[]
  paths: Paths
  components: { schemas: { readonly [name: string]: JsonSchema }; responses: { [name: string]: object }; securitySchemes: { [name: string]: object } }
}

const description = `Everything that the web page and \`yard\` do, they do by this API.

* \`/api/yard/v1\` is Yardmaster's own. \`/api/v2\` is Buildbot's, for clients that know Buildbot.
* **Who asks**: a browser's session, or an API token in \`Authorization: Bearer TOKEN\`. Where reading is open, nothing has to be said to read.
* **Refusals** are \`{"error": "what is wrong, and what to do"}\`, of all mistakes in a query or a body at once. A parameter or field that is not declared is refused.
* **Times** are seconds since 1970 in UTC, as numbers.
* **Names and numbers**: where a path takes a worker, builder, pool, scheduler or change source, its name does as well as its number.
* **Pages**: a list that may be long has \`next\`; given back as \`before\` it leads to those that follow. null: that was all. No page costs more than the first, however far back it is.
* **Lists** in a query are given with commas (\`state=ready,booting\`) or several times.
* **A method** that a path does not have is answered with 405 and \`Allow\`.`

/** The whole API as OpenAPI 3.1, made of what it is served by. */
export function openApiDocument({ version, basePath }: { version: string; basePath: string }): OpenApiDocument {
  const book = openSchemaBook()
  const paths = { ...ownPaths(book), ...buildbotPaths(book) }
  for (const schema of [refusal, ...Object.values(rpcSchemas)]) book.of(schema, 'output')
  return {
    openapi: '3.1.0',
    info: { title: 'Yardmaster', version, description, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: basePath === '/' ? '/' : basePath.replace(/\/$/, ''), description: 'This installation' }],
    tags: [...Object.entries(tags).map(([name, told]) => ({ name, description: told })), { name: buildbotTag.name, description: buildbotTag.description }],
    paths,
    components: { schemas: book.components, responses: responses(), securitySchemes },
  }
}

const content = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } }

const responses = () => ({
  ...Object.fromEntries(Object.values(refusals).map(({ name, description: told }) => [name, { description: told, content }])),
  TooLarge: { description: 'The body is larger than is taken.', content },
  NotJson: { description: 'The body has another type than application/json.', content },
})

const securitySchemes = {
  session: { type: 'apiKey', in: 'cookie', name: 'yard_session', description: 'The session of who has signed in at the web page; a browser sends it by itself.' },
  token: { type: 'http', scheme: 'bearer', description: 'An API token.' },
  basic: { type: 'http', scheme: 'basic', description: "Name and password of a try scheduler's user." },
}
