import { FormatRegistry, type Static, type TObject, type TSchema, Type } from '@sinclair/typebox'
import { Value, type ValueError, ValueErrorType } from '@sinclair/typebox/value'
import { AppError } from '../errors.ts'
import type { Message, MessageId } from '../messages/messages.ts'

// ---- The vocabulary of request schemas: shape only; meaning is the feature's. ----

/** RFC 5321 §4.1.2: a dot-string of RFC 6531 (any script, no controls) at a domain of two labels or more. */
const EMAIL =
  /^[^\s\p{Cc}@<>()[\],;:"\\.]+(?:\.[^\s\p{Cc}@<>()[\],;:"\\.]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/iu
FormatRegistry.Set('email', (value) => EMAIL.test(value))
FormatRegistry.Set('plain', (value) => !/\p{Cc}/u.test(value))
FormatRegistry.Set('date', (value) => !Number.isNaN(Date.parse(value)))

/** Of text whose schema says nothing else: tokens, codes and passwords. */
const LONGEST_TEXT = 8192
const LONGEST_DATE = 64
const LONGEST_INTEGER = 15

/** `max` in characters, `bytes` in UTF-8. */
export const text = (options: { max?: number; bytes?: number; numbers?: boolean } = {}) =>
  Type.String({
    ...(options.max === undefined ? {} : { maxLength: options.max }),
    ...(options.bytes === undefined ? {} : { maxLength: options.bytes, bytes: true }),
    ...(options.numbers === true ? { numbers: true } : {}),
  })

/** Text for people: no control characters. */
export const plainText = (max: number) => Type.String({ maxLength: max, format: 'plain' })

export const email = (max: number) => Type.String({ maxLength: max, format: 'email' })

export const date = () => Type.String({ format: 'date', maxLength: LONGEST_DATE })

/** Linphone sends `"0"` and `"1"`; `"true"` is not a boolean. */
export const flag = () =>
  Type.Union([Type.Boolean(), Type.Literal(0), Type.Literal(1), Type.Literal('0'), Type.Literal('1')], {
    refusal: { id: 'v.boolean' },
  })

export const integer = (minimum: number, maximum = 2_147_483_647) => Type.Integer({ minimum, maximum })

export const choice = <const Values extends readonly string[]>(values: Values) =>
  Type.Unsafe<Values[number]>(
    Type.String({ enum: [...values], refusal: { id: 'v.choice', values: { choices: values.join(', ') } } }),
  )

const machineText = (pattern: string, max: number, id: MessageId) =>
  Type.String({ maxLength: max, pattern, numbers: true, refusal: { id, values: { max } } })

/** What machines call things: lower-case letters, digits, `-` and `_`. */
export const label = (max: number) => machineText('^[a-z0-9_-]+$', max, 'v.label')

/** What a phone sends as tones: lower-case letters and digits. */
export const dialled = (max: number) => machineText('^[a-z0-9]+$', max, 'v.dialled')

/** More entries than a dictionary can be given at once; the statement that stores them has a limit, too. */
export const MOST_DICTIONARY_ENTRIES = 1000
export const LONGEST_DICTIONARY_TEXT = 255

/** Text → text. `[]` counts as empty: some clients cannot say `{}`. */
export const dictionary = () =>
  Type.Unsafe<Record<string, string>>({
    type: 'object',
    additionalProperties: { type: 'string', maxLength: LONGEST_DICTIONARY_TEXT },
    maxProperties: MOST_DICTIONARY_ENTRIES,
    refusal: { id: 'v.dictionary', values: { count: MOST_DICTIONARY_ENTRIES, max: LONGEST_DICTIONARY_TEXT } },
    matches: isDictionary,
  })

/** Counts characters, not UTF-16 units. A text of more than twice as many units is too long without being counted. */
export const isLongerThan = (max: number, text: string): boolean =>
  text.length > max && (text.length > 2 * max || [...text].length > max)

const isDictionary = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.length === 0
  const entries = Object.entries(value)
  const isShort = (text: unknown) =>
    typeof text === 'string' && !isLongerThan(LONGEST_DICTIONARY_TEXT, text) && isStorable(text)
  return (
    entries.length <= MOST_DICTIONARY_ENTRIES &&
    entries.every(([key, text]) => key.trim() !== '' && isShort(key) && isShort(text))
  )
}

export const anything = () => Type.Unknown()

export const optional = Type.Optional
export const form = Type.Object

// ---- Reading a body with a schema. ----

/** PostgreSQL cannot hold a NUL in text, and half of a surrogate pair is no character at all. */
export const isStorable = (value: string): boolean => !value.includes('\0') && value.isWellFormed()

export const isTrue = (value: unknown): boolean => value === true || value === 1 || value === '1'

type Values<Schema extends TObject> = { readonly [Name in keyof Static<Schema>]?: Static<Schema>[Name] | null }

const coerce = (schema: TSchema, raw: unknown): unknown => {
  if (schema.type === 'string' && schema.numbers === true && typeof raw === 'number') return String(raw)
  const isShort = typeof raw === 'string' && raw.length <= LONGEST_INTEGER
  return schema.type === 'integer' && isShort && /^-?\d+$/.test(raw) ? Number(raw) : raw
}

/** Looked at before anything else of a text: no pattern runs on one that is too long. */
const isTooLong = (schema: TSchema, value: string): boolean => {
  const max = longestOf(schema)
  return value.length > max || (schema.bytes === true && Buffer.byteLength(value) > max)
}

const longestOf = ({ maxLength = LONGEST_TEXT }: TSchema): number => maxLength

const tooLong = (schema: TSchema): Message =>
  (schema.refusal as Message | undefined) ?? {
    id: schema.bytes === true ? 'v.max_bytes' : 'v.max',
    values: { max: longestOf(schema) },
  }

const matches = (schema: TSchema, value: unknown): boolean => {
  if (schema.enum !== undefined) return (schema.enum as unknown[]).includes(value)
  if (schema.matches !== undefined) return (schema.matches as (value: unknown) => boolean)(value)
  return Value.Check(schema, value)
}

const shapeMessage = (schema: TSchema, error: ValueError | undefined): Message => {
  if (schema.refusal !== undefined) return schema.refusal as Message
  switch (error?.type) {
    case ValueErrorType.String:
      return { id: 'v.string' }
    case ValueErrorType.StringFormat:
      return { id: schema.format === 'email' ? 'v.email' : schema.format === 'date' ? 'v.date' : 'v.control' }
    case ValueErrorType.Integer:
      return { id: 'v.integer' }
    case ValueErrorType.IntegerMinimum:
      return { id: 'v.minimum', values: { min: schema.minimum } }
    case ValueErrorType.IntegerMaximum:
      return { id: 'v.maximum', values: { max: schema.maximum } }
    default:
      return { id: 'v.unknown_shape' }
  }
}

/**
 * The declared members of a body. Members of a wrong shape are already refused here; the feature's rules add their
 * own refusals, and `settle()` throws them all together. Text that is too long has no value: no later rule reads it.
 * Undeclared members do not exist.
 */
export class Input<Schema extends TObject> {
  readonly values: Values<Schema>
  readonly #refused = new Map<string, Message[]>()
  readonly #names: string[]
  readonly #present: ReadonlySet<string>

  constructor(schema: Schema, members: Readonly<Record<string, unknown>>) {
    this.#names = Object.keys(schema.properties)
    this.#present = new Set(this.#names.filter((name) => Object.hasOwn(members, name)))
    const required = new Set(schema.required ?? [])
    const values: Record<string, unknown> = {}
    for (const [name, property] of Object.entries(schema.properties)) {
      const raw = members[name]
      if (raw === undefined || raw === null) {
        if (required.has(name)) this.refuse(name, { id: 'v.required' })
        if (raw === null) values[name] = null
        continue
      }
      const value = coerce(property, raw)
      if (property.type === 'string' && typeof value === 'string' && isTooLong(property, value)) {
        this.refuse(name, tooLong(property))
        continue
      }
      if (property.type === 'string' && typeof value === 'string' && !isStorable(value)) {
        this.refuse(name, property.refusal === undefined ? { id: 'v.control' } : shapeMessage(property, undefined))
        continue
      }
      if (matches(property, value)) values[name] = Array.isArray(value) && value.length === 0 ? {} : value
      else {
        const errors = property.refusal === undefined ? [...Value.Errors(property, value)] : []
        for (const error of errors.length === 0 ? [undefined] : errors) this.refuse(name, shapeMessage(property, error))
        // Later rules still look at text that is only too short or not of its format.
        if (typeof value === 'string' && property.type === 'string' && property.enum === undefined) values[name] = value
      }
    }
    this.values = values as Values<Schema>
  }

  /** The member was sent, be it as null. */
  has(name: keyof Static<Schema> & string): boolean {
    return this.#present.has(name)
  }

  /** Absent or null: the member says nothing. */
  isMissing(name: keyof Static<Schema> & string): boolean {
    return !this.#refused.has(name) && !this.isGood(name)
  }

  /** Nothing speaks against the member so far, and it has a value. */
  isGood(name: keyof Static<Schema> & string): boolean {
    const value = this.values[name]
    return !this.#refused.has(name) && value !== undefined && value !== null
  }

  refuse(name: string, message: Message): void {
    const messages = this.#refused.get(name)
    if (messages === undefined) this.#refused.set(name, [message])
    else if (!messages.some(({ id }) => id === message.id)) messages.push(message)
  }

  /** Throws `invalid` with every refusal, fields in the order of the schema. */
  settle(): void {
    if (this.#refused.size === 0) return
    const order = [...this.#names.filter((name) => this.#refused.has(name)), ...this.#refused.keys()]
    throw new AppError('invalid', 'errors.invalid', {
      fields: new Map(order.map((name) => [name, this.#refused.get(name) ?? []])),
    })
  }
}

/** Shape errors and `settle()` have passed: what the schema requires is there. */
export const read = <Schema extends TObject>(schema: Schema, members: Readonly<Record<string, unknown>>) =>
  new Input(schema, members)

/** For a route's `detail`: the OpenAPI document is made of the schemas that read the bodies. */
export const accepts = (schema: TObject) => ({
  requestBody: {
    required: true,
    content: { 'application/json': { schema: schema as unknown as Record<string, never> } },
  },
})

/** For a route's `detail.parameters`: the members of a schema that stand in the query, with a sentence for each. */
export const queried = <Schema extends TObject>(
  schema: Schema,
  descriptions: Readonly<Record<keyof Static<Schema> & string, string>>,
) =>
  Object.entries<string>(descriptions).map(([name, description]) => ({
    name,
    in: 'query' as const,
    description,
    schema: schema.properties[name] as unknown as Record<string, never>,
  }))
