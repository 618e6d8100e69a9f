import type { TSchema } from '@sinclair/typebox'

/** JSON Schema 2020-12, which OpenAPI 3.1 speaks. */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly examples?: readonly unknown[]
  readonly format?: string
  readonly pattern?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly additionalProperties?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly maxProperties?: number
  readonly description?: string
}

/** No control characters; the format is ours (`http/input.ts`). */
const PLAIN = { pattern: '^\\P{Cc}*$' }

/** The types of a schema, if it is of no other kind. */
const typesOf = ({ type }: JsonSchema): readonly string[] | null =>
  type === undefined ? null : typeof type === 'string' ? [type] : type

/** The alternatives as one schema where that says the same: `0`, `"0"` and `null` need no schema each. */
const oneOf = (alternatives: readonly JsonSchema[]): JsonSchema => {
  const constants = alternatives.filter((one) => 'const' in one).map((one) => one.const)
  const rest = alternatives.filter((one) => !('const' in one) && one.type !== 'null')
  const isNullable = alternatives.some(({ type }) => type === 'null')
  const all = [...rest, ...(constants.length === 0 ? [] : [{ enum: constants }])]
  const [only] = all
  if (all.length === 1 && only !== undefined) return isNullable ? nullable(only) : only
  return { anyOf: [...all, ...(isNullable ? [{ type: 'null' }] : [])] }
}

const nullable = (schema: JsonSchema): JsonSchema => {
  const types = typesOf(schema)
  if (schema.anyOf !== undefined) return { ...schema, anyOf: [...schema.anyOf, { type: 'null' }] }
  if (schema.$ref !== undefined) return { anyOf: [schema, { type: 'null' }] }
  const values = schema.enum === undefined ? {} : { enum: [...schema.enum, null] }
  return types === null ? { ...schema, ...values } : { ...schema, type: [...types, 'null'], ...values }
}

/** What the schemas that read and describe bodies look like to everybody else; those with a name of their own once. */
export const schemas = () => {
  const components: Record<string, JsonSchema> = {}

  /** Of a request's body: null says as little as silence there, and some texts may be numbers. */
  const asked = (schema: TSchema): JsonSchema => translate(schema, true)
  /** Of a reply's body. */
  const answered = (schema: TSchema): JsonSchema => translate(schema, false)

  const members = (schema: TSchema, isAsked: boolean) => {
    const required = (schema.required ?? []) as readonly string[]
    const properties = Object.entries(schema.properties as Readonly<Record<string, TSchema>>).map(
      ([name, property]) => {
        const translated = translate(property, isAsked)
        return [name, isAsked && !required.includes(name) ? nullable(translated) : translated] as const
      },
    )
    return { properties: Object.fromEntries(properties), ...(required.length === 0 ? {} : { required }) }
  }

  const body = (schema: TSchema, isAsked: boolean): JsonSchema => {
    const {
      $id,
      always,
      refusal,
      matches,
      means,
      clearable,
      numbers,
      bytes,
      anyOf,
      items,
      additionalProperties,
      ...kept
    } = schema
    const { description, format, ...rest } = kept
    const explained = description === undefined ? {} : { description }
    if (anyOf !== undefined) {
      return { ...oneOf(anyOf.map((one: TSchema) => translate(one, isAsked))), ...explained }
    }
    return {
      ...('const' in rest ? { const: rest.const } : rest),
      ...(numbers === true ? { type: ['string', 'number'] } : {}),
      ...(format === 'plain' ? PLAIN : format === undefined ? {} : { format }),
      ...(rest.properties === undefined ? {} : members(schema, isAsked)),
      ...(items === undefined ? {} : { items: translate(items, isAsked) }),
      ...(additionalProperties === undefined ? {} : { additionalProperties: translate(additionalProperties, isAsked) }),
      ...explained,
    }
  }

  const translate = (schema: TSchema, isAsked: boolean): JsonSchema => {
    const name = schema.$id
    if (name === undefined) return body(schema, isAsked)
    components[name] ??= body(schema, isAsked)
    return {
      $ref: `#/components/schemas/${name}`,
      ...(schema.always === undefined ? {} : { required: schema.always as readonly string[] }),
    }
  }

  return { asked, answered, components }
}

export type Schemas = ReturnType<typeof schemas>
