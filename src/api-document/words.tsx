import type { ComponentChildren, VNode } from 'preact'
import { anchorOf } from './operations.ts'
import type { JsonSchema } from './schemas.ts'

/** `code` of a text in Markdown. */
export const prose = (text: string): ComponentChildren[] =>
  text.split('`').map((part, index) => (index % 2 === 0 ? part : <code>{part}</code>))

/** What a value of the schema is, in words. */
export const kindOf = (schema: JsonSchema): ComponentChildren => {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? ''
    return <a href={`#${anchorOf(name)}`}>{name}</a>
  }
  if ('const' in schema) return <code>{JSON.stringify(schema.const)}</code>
  if (schema.enum !== undefined) return joined(schema.enum.map((one) => <code>{JSON.stringify(one)}</code>))
  if (schema.anyOf !== undefined) return joined(schema.anyOf.map(kindOf))
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? [])
  return types.length === 0 ? 'anything' : joined(types.map((type) => ofType(type, schema)))
}

export const joined = (alternatives: readonly ComponentChildren[]): ComponentChildren[] =>
  alternatives.flatMap((one, index) => (index === 0 ? [one] : [index === alternatives.length - 1 ? ' or ' : ', ', one]))

const FORMATS: Readonly<Record<string, string>> = {
  email: 'e-mail address',
  date: 'date',
  'date-time': 'moment',
}

const ofType = (type: string, schema: JsonSchema): ComponentChildren => {
  switch (type) {
    case 'array':
      return schema.items === undefined ? 'list' : ['list of ', kindOf(schema.items)]
    case 'object':
      return schema.additionalProperties === undefined
        ? ['object with ', Object.keys(schema.properties ?? {}).join(', ')]
        : ['object of ', kindOf(schema.additionalProperties)]
    case 'string':
      return FORMATS[schema.format ?? ''] ?? 'text'
    case 'null':
      return <code>null</code>
    default:
      return type
  }
}

const MOST = 2_147_483_647

const limitsOf = ({ maxLength, minimum, maximum, maxProperties }: JsonSchema): string[] => [
  ...(maxLength === undefined ? [] : [`at most ${maxLength} characters`]),
  ...(minimum === undefined ? [] : [`from ${minimum}`]),
  ...(maximum === undefined || maximum === MOST ? [] : [`to ${maximum}`]),
  ...(maxProperties === undefined ? [] : [`at most ${maxProperties} entries`]),
]

export interface Row {
  readonly name: string
  readonly schema: JsonSchema
  readonly note?: string | undefined
  readonly isRequired?: boolean
}

/** Name and meaning, one below the other on a phone. */
export const list = (rows: readonly Row[]): VNode => (
  <dl class="params">
    {rows.map(({ name, schema, note, isRequired = false }) => {
      const limits = limitsOf(schema)
      return (
        <div>
          <dt>
            <code>{name}</code> {isRequired ? <span class="chip line">required</span> : null}
          </dt>
          <dd>
            {kindOf(schema)}
            {limits.length === 0 ? null : `, ${limits.join(', ')}`}
            {note === undefined ? null : <small>{prose(note)}</small>}
          </dd>
        </div>
      )
    })}
  </dl>
)
