import { type TProperties, type TSchema, Type } from '@sinclair/typebox'

// ---- The vocabulary of reply schemas. They stand beside the functions that make the replies, for the document of the
// API; test/features/api-document.test.ts holds real replies against them. ----

/** An object that has a name of its own in the document. */
export const record = <Members extends TProperties>(name: string, members: Members) =>
  Type.Object(members, { $id: name })

/** The same object where some of its optional members are always there. */
export const having = <Schema extends TSchema>(schema: Schema, ...always: string[]): Schema => ({ ...schema, always })

export const object = Type.Object
export const listOf = Type.Array
export const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
export const boolean = () => Type.Boolean()
export const moment = () => Type.String({ format: 'date-time' })
export const mapOf = (schema: TSchema) => Type.Unsafe({ type: 'object', additionalProperties: schema })

/** The bare number that says "done". */
export const done = () => Type.Literal(1)

export const described = <Schema extends TSchema>(schema: Schema, description: string): Schema => ({
  ...schema,
  description,
})

type MediaType =
  | 'text/plain'
  | 'text/html'
  | 'application/xml'
  | 'image/png'
  | 'text/csv'
  | 'text/vcard'
  | 'audio/opus'
  | 'audio/wav'

/** For a route's `detail`: what comes back when all is well, or one of what may. null: nothing but the status. */
export const answers = (
  body: TSchema | MediaType | readonly MediaType[] | null,
  ...statuses: readonly (200 | 201 | 202)[]
) => {
  const content =
    typeof body === 'string' || Array.isArray(body)
      ? Object.fromEntries([body].flat().map((type) => [type, {}]))
      : { 'application/json': { schema: body as unknown as Record<string, never> } }
  const reply = { description: 'Done.', ...(body === null ? {} : { content }) }
  return { responses: Object.fromEntries((statuses.length === 0 ? [200] : statuses).map((status) => [status, reply])) }
}

/** For a route's `detail`: refusals beyond those that follow from who may call it and whether it has a body. */
export const refuses = (...statuses: readonly (400 | 409 | 410 | 503)[]) => ({ refuses: statuses })

/**
 * For a route's `detail`: what a parameter of its path is called in the document, where the router has a vaguer name.
 */
export const named = (names: Readonly<Record<string, string>>) => ({ named: names })
