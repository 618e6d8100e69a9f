import packageJson from '../../package.json' with { type: 'json' }
import { INTRODUCTION } from './introduction.ts'
import { type Operation, operation, pathOf, type Reply, type Route, refusals } from './operations.ts'
import { type JsonSchema, schemas } from './schemas.ts'
import { TAGS } from './tags.ts'

const SECURITY_SCHEMES = {
  digest: { type: 'http', scheme: 'digest', description: 'RFC 7616, with the SIP address in `From`.' },
  apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
  apiKeyCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: 'x-api-key',
    description: 'Set by the routes that make a key; from the same origin only, where something changes.',
  },
}

export interface ApiDocument {
  readonly openapi: string
  readonly info: Readonly<Record<string, unknown>>
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  /** Path → method in lower case → operation, in the order in which the routes are mounted. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>
    readonly responses: Readonly<Record<string, Reply>>
    readonly securitySchemes: typeof SECURITY_SCHEMES
  }
}

/** An element of the route table of the framework. */
export interface Mounted {
  readonly method: string
  readonly path: string
  readonly hooks: unknown
}

const routesOf = (mounted: readonly Mounted[]): Route[] =>
  mounted
    .map(({ method, path, hooks }) => ({ method, path, detail: (hooks as { detail?: Route['detail'] }).detail ?? {} }))
    .filter(({ detail }) => detail.hide !== true)

/** The OpenAPI 3.1 document of these routes, without its servers: the same for every Space. */
export const apiDocument = (mounted: readonly Mounted[]): ApiDocument => {
  const routes = routesOf(mounted)
  const known = schemas()
  const responses = refusals(known)
  const operations = routes.map((route) => ({
    path: pathOf(route),
    method: route.method.toLowerCase(),
    operation: operation(route, known),
  }))
  const paths = Object.groupBy(operations, ({ path }) => path)
  return {
    openapi: '3.1.1',
    info: {
      title: 'sipkeeper',
      version: packageJson.version,
      summary: packageJson.description,
      description: INTRODUCTION.map(({ title, text }) => `## ${title}\n\n${text}`).join('\n\n'),
      license: { name: packageJson.license, identifier: packageJson.license },
    },
    tags: [...new Set(operations.flatMap(({ operation }) => operation.tags))].map((name) => ({
      name,
      description: TAGS[name] ?? '',
    })),
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, all = []]) => [
        path,
        Object.fromEntries(all.map(({ method, operation }) => [method, operation])),
      ]),
    ),
    components: { schemas: known.components, responses, securitySchemes: SECURITY_SCHEMES },
  }
}
