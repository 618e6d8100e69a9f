import { FormatRegistry, type Static, type TObject, type TOptional, type TSchema, Type } from '@sinclair/typebox'
import { Value, type ValueError, ValueErrorType } from '@sinclair/typebox/value'
import { AppError } from '../errors.ts'
import type { Message, MessageId } from '../messages/messages.ts'
import { parseIso8601 } from '../protocols/iso-8601.ts'

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

/** Text that `parse` reads: what it makes of it is the value. null: refused with `refusal`. */
export const parsed = <Value>(
  max: number,
  refusal: MessageId,
  example: string,
  parse: (text: string) => Value | null,
) =>
  Type.Unsafe<Value>({
    type: 'string',
    maxLength: max,
    refusal: { id: refusal },
    matches: (value: unknown) => typeof value === 'string' && parse(value) !== null,
    means: parse,
    examples: [example],
  })

const LONGEST_INSTANT = 64

/** A date, or a date and a time, as ISO 8601 writes them (behaviour/statistics.md §1.2). */
export const instant = () => parsed(LONGEST_INSTANT, 'v.instant', '2026-03-01T10:00:00Z', parseIso8601)

const isTrue = (value: unknown): boolean => value === true || value === 1 || value === '1'

/** Linphone sends `"0"` and `"1"`; `"true"` is not a boolean. However it was written, its value is a boolean. */
export const flag = () =>
  Type.Unsafe<boolean>(
    Type.Union([Type.Boolean(), Type.Literal(0), Type.Literal(1), Type.Literal('0'), Type.Literal('1')], {
      refusal: { id: 'v.boolean' },
      means: isTrue,
    }),
  )

export const integer = (minimum: number, maximum = 2_147_483_647) => Type.Integer({ minimum, maximum })

export const choice = <const Values extends readonly string[]>(values: Values) =>
  Type.Unsafe<Values[number]>(
    Type.String({ enum: [...values], refusal: { id: 'v.choice', values: { choices: values.join(', ') } } }),
  )

/** Some of a closed list, one at least; naming one twice says no more. */
export const choices = <const Values extends readonly string[]>(values: Values) =>
  Type.Unsafe<readonly Values[number][]>({
    type: 'array',
    items: { type: 'string', enum: [...values] },
    minItems: 1,
    refusal: { id: 'v.choices', values: { choices: values.join(', ') } },
    matches: (value: unknown) =>
      Array.isArray(value) && value.length > 0 && value.every((one) => values.some((known) => known === one)),
    means: (value: readonly Values[number][]) => [...new Set(value)],
  })

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

/** A text, number or boolean, as text; null: it cannot be one that is stored. */
const asText = (value: unknown): string | null => {
  if (typeof value === 'string') return isStorable(value) ? value : null
  if (typeof value === 'number') return String(value)
  return typeof value === 'boolean' ? String(Number(value)) : null
}

/** Numbers and booleans become text, as old scripts expect (behaviour/telephony.md §5). */
export const looseText = () =>
  Type.Unsafe<string>({
    refusal: { id: 'v.string' },
    matches: (value: unknown) => asText(value) !== null,
    means: asText,
  })

export const anything = () => Type.Unknown()

/** The member may be left out, and null says as little: either way its value is null. */
export const optional = Type.Optional

/** The member may be left out, which is `undefined`; null is no silence, but takes away what is there. */
export const clearable = <Schema extends TSchema>(schema: Schema) =>
  Type.Optional(Type.Unsafe<Static<Schema> | null>({ ...schema, clearable: true }))

export const form = Type.Object

// ---- Reading a body with a schema. ----

/** PostgreSQL cannot hold a NUL in text, and half of a surrogate pair is no character at all. */
export const isStorable = (value: string): boolean => !value.includes('\0') && value.isWellFormed()

type Given<Member extends TSchema> = NonNullable<Static<Member>>
/** Only a `clearable` member tells silence from null. */
type Maybe<Member extends TSchema> = Given<Member> | null | (null extends Static<Member> ? undefined : never)

/** As far as anything is known of the members while refusals are still being collected. */
type Values<Schema extends TObject> = {
  readonly [Name in keyof Schema['properties']]: Maybe<Schema['properties'][Name]>
}

type Good<Schema extends TObject> = {
  readonly [Name in keyof Schema['properties']]: Given<Schema['properties'][Name]> | null
}

/** What a body says once nothing is refused about it: what the schema requires is there. */
export type Settled<Schema extends TObject> = {
  readonly [Name in keyof Schema['properties']]: Schema['properties'][Name] extends TOptional<TSchema>
    ? Maybe<Schema['properties'][Name]>
    : Given<Schema['properties'][Name]>
}

/** Any input that has these members as text, for rules that several forms share. */
export interface WithTexts<Names extends string> {
  readonly values: { readonly [Name in Names]: string | null }
  readonly good: { readonly [Name in Names]: string | null }
  refuse(name: Names, message: Message): void
}

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

/** What a value of the right shape is to the features: a flag is a boolean, and `[]` is an empty object. */
const meaning = (schema: TSchema, value: unknown): unknown => {
  if (schema.means !== undefined) return (schema.means as (value: unknown) => unknown)(value)
  return Array.isArray(value) && value.length === 0 ? {} : value
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
      values[name] = property.clearable === true && raw !== null ? undefined : null
      if (raw === undefined || raw === null) {
        if (required.has(name)) this.refuse(name, { id: 'v.required' })
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
      if (matches(property, value)) values[name] = meaning(property, value)
      else {
        const errors = property.refusal === undefined ? [...Value.Errors(property, value)] : []
        for (const error of errors.length === 0 ? [undefined] : errors) this.refuse(name, shapeMessage(property, error))
        // Later rules still look at text that is only not of its format; what cannot be read has no value.
        const isText = property.type === 'string' && property.enum === undefined && property.means === undefined
        if (isText && typeof value === 'string') values[name] = value
      }
    }
    this.values = values as Values<Schema>
  }

  /** The values that nothing speaks against so far; null for every other member. */
  get good(): Good<Schema> {
    const values: Readonly<Record<string, unknown>> = this.values
    const good = this.#names.map((name) => [name, this.#refused.has(name) ? null : (values[name] ?? null)])
    return Object.fromEntries(good)
  }

  /** The member was sent, be it as null. */
  has(name: keyof Static<Schema> & string): boolean {
    return this.#present.has(name)
  }

  /** Absent or null: the member says nothing. */
  isMissing(name: keyof Static<Schema> & string): boolean {
    return !this.#refused.has(name) && (this.values[name] ?? null) === null
  }

  refuse(name: string, message: Message): void {
    const messages = this.#refused.get(name)
    if (messages === undefined) this.#refused.set(name, [message])
    else if (!messages.some(({ id }) => id === message.id)) messages.push(message)
  }

  /**
   * What the body says. Throws `invalid` with every refusal, fields in the order of the schema. A rule that breaks
   * afterwards throws `invalid(field, id)` of its own.
   */
  settle(): Settled<Schema> {
    if (this.#refused.size === 0) return this.values as Settled<Schema>
    const order = [...this.#names.filter((name) => this.#refused.has(name)), ...this.#refused.keys()]
    throw new AppError('invalid', 'errors.invalid', {
      fields: new Map(order.map((name) => [name, this.#refused.get(name) ?? []])),
    })
  }
}

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
