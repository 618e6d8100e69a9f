import type { TSchema } from '@sinclair/typebox'
import { InvalidSchema, RefusalSchema } from '../http/errors.ts'
import { type KeyScope, type Role, scopesOf } from '../nouns/caller.ts'
import { exampleOf } from './examples.ts'
import { OPERATION_IDS } from './operation-ids.ts'
import { PARAMETERS } from './parameters.ts'
import type { JsonSchema, Schemas } from './schemas.ts'

/** A route as the framework keeps it; `detail` is what the route says about itself. */
export interface Route {
  readonly method: string
  readonly path: string
  readonly detail: Detail
}

type Content<Schema> = Readonly<Record<string, { readonly schema?: Schema; readonly example?: unknown }>>
type Security = readonly Readonly<Record<string, readonly Role[]>>[]

export interface Detail {
  /** People see it, no machine calls it. */
  readonly hide?: boolean
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly deprecated?: boolean
  readonly security?: Security
  /** Of named API keys, besides `full`, where they are not those of the method. */
  readonly scopes?: readonly KeyScope[]
  readonly parameters?: readonly PlacedParameter[]
  /** Statuses that a route of its kind would not have. */
  readonly refuses?: readonly number[]
  /** What a parameter of the path is called here. */
  readonly named?: Readonly<Record<string, string>>
  readonly requestBody?: { readonly content: Content<TSchema> }
  readonly responses?: Readonly<Record<string, { readonly description: string; readonly content?: Content<TSchema> }>>
}

export interface PlacedParameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly description: string
  readonly schema: JsonSchema
  readonly example?: string | number
}

export interface Reply {
  readonly $ref?: string
  readonly description?: string
  readonly headers?: Readonly<Record<string, unknown>>
  readonly content?: Content<JsonSchema>
}

export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly deprecated?: true
  readonly security: Security
  /** Any one of them will do; nothing where no key is needed. */
  readonly 'x-api-key-scopes'?: readonly KeyScope[]
  readonly parameters?: readonly PlacedParameter[]
  readonly requestBody?: { readonly required: boolean; readonly content: Content<JsonSchema> }
  readonly responses: Readonly<Record<string, Reply>>
}

/** The anchor of a heading (behaviour/panel.md §6.2): lower case, no punctuation, blanks as `-`. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/\s+/g, '-')
    .replaceAll(/[^\p{L}\p{N}-]+/gu, '')

/** `/api/accounts/:id/search` → `/api/accounts/{sip}/search` */
export const pathOf = ({ path, detail }: Route): string =>
  (path.length > 1 ? path.replace(/\/$/, '') : path).replace(
    /:(\w+)/g,
    (_, name: string) => `{${detail.named?.[name] ?? name}}`,
  )

/** As headings write it: below `/api`, where nearly everything is. */
export const titleOf = (method: string, path: string): string => `${method} ${path.replace(/^\/api(?=\/)/, '')}`

const refused = (description: string, schema: JsonSchema, headers?: Readonly<Record<string, unknown>>): Reply => ({
  description,
  ...(headers === undefined ? {} : { headers }),
  content: { 'application/json': { schema } },
})

const header = (description: string, type = 'string') => ({ description, schema: { type } })

/** The refusals that routes share. */
export const refusals = ({ answered }: Schemas) => {
  const refusal = answered(RefusalSchema)
  return {
    Malformed: refused('The body is no JSON, or a header is missing that the Space insists on.', refusal),
    Unauthenticated: refused('Nobody, or not who they say they are.', refusal, {
      'WWW-Authenticate': header('The challenge, when `From` names an account.'),
    }),
    Forbidden: refused('Not for this caller, or a Space that has expired.', refusal),
    NotFound: refused('No such thing in this Space, or no such Space.', refusal),
    Conflict: refused('It is there already, or was changed at the same time.', refusal),
    Gone: refused('Expired, or guessed at too often.', refusal),
    TooLarge: refused('More than a body may have.', refusal),
    Invalid: refused('Understood and refused: `errors` says what is wrong with which member.', answered(InvalidSchema)),
    TooMany: refused('Too often.', refusal, { 'Retry-After': header('Seconds to wait.', 'integer') }),
    Unavailable: refused('A server that is needed does not answer; safe to repeat.', refusal),
    Other: refused('Anything else that is refused.', refusal),
  } satisfies Record<string, Reply>
}

type RefusalName = keyof ReturnType<typeof refusals>

/** Which of them a route can give: by who may call it, and whether it reads a body. */
const refusalsOf = (method: string, { security = [], requestBody, refuses = [] }: Detail): Record<string, Reply> => {
  const sends = method !== 'GET'
  const named: readonly (readonly [string, RefusalName, boolean])[] = [
    ['400', 'Malformed', sends],
    ['401', 'Unauthenticated', security.length > 0],
    ['403', 'Forbidden', true],
    ['404', 'NotFound', true],
    ['409', 'Conflict', false],
    ['410', 'Gone', false],
    ['413', 'TooLarge', sends],
    ['422', 'Invalid', requestBody !== undefined],
    ['429', 'TooMany', true],
    ['503', 'Unavailable', false],
    ['default', 'Other', true],
  ]
  const applying = named.filter(([status, , applies]) => applies || refuses.includes(Number(status)))
  return Object.fromEntries(applying.map(([status, name]) => [status, { $ref: `#/components/responses/${name}` }]))
}

const pathParameters = (path: string): PlacedParameter[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    ...(PARAMETERS[name] ?? { description: '', schema: {} }),
  }))

/** Not required, and yet no good example is without them. */
const USUAL = new Set(['algorithm', 'old_password', 'password', 'pn_param', 'pn_prid'])

/** What the document says about a route. */
export const operation = (route: Route, { asked, answered, components }: Schemas): Operation => {
  const { method, detail } = route
  const path = pathOf(route)
  const find = (schema: JsonSchema): JsonSchema => components[schema.$ref?.split('/').at(-1) ?? ''] ?? schema
  const queried = (detail.parameters ?? []).map((one) => ({ ...one, schema: asked(one.schema as unknown as TSchema) }))
  const parameters = [...pathParameters(path), ...queried]

  const body = (content: Content<TSchema>) =>
    Object.entries(content).map(([type, { schema }]) => {
      if (schema === undefined) return [type, {}] as const
      const translated = asked(schema)
      const isNeeded = (name: string, { required = [] }: JsonSchema) => required.includes(name) || USUAL.has(name)
      return [type, { schema: translated, example: exampleOf(translated, find, isNeeded) }] as const
    })

  const reply = (content: Content<TSchema>) =>
    Object.entries(content).map(([type, { schema }]) => {
      if (schema === undefined) return [type, {}] as const
      const translated = answered(schema)
      return [type, { schema: translated, example: exampleOf(translated, find) }] as const
    })

  const replies = Object.entries(detail.responses ?? {}).map(([status, { description, content }]) => [
    status,
    { description, ...(content === undefined ? {} : { content: Object.fromEntries(reply(content)) }) },
  ])

  return {
    operationId: OPERATION_IDS[`${method} ${path}`] ?? anchorOf(titleOf(method, path)),
    summary: detail.summary ?? '',
    ...(detail.description === undefined ? {} : { description: detail.description }),
    tags: detail.tags ?? [],
    ...(detail.deprecated === true ? { deprecated: true } : {}),
    security: detail.security ?? [],
    ...(detail.security === undefined || detail.security.length === 0
      ? {}
      : { 'x-api-key-scopes': [...new Set<KeyScope>(['full', ...scopesOf(method, detail.scopes)])] }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(detail.requestBody === undefined
      ? {}
      : { requestBody: { required: true, content: Object.fromEntries(body(detail.requestBody.content)) } }),
    responses: { ...Object.fromEntries(replies), ...refusalsOf(method, detail) },
  }
}
