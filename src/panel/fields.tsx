import type { VNode } from 'preact'
import type { FieldMessages } from '../errors.ts'
import { fieldName, type MessageId } from '../messages/messages.ts'
import type { Visit } from '../nouns/visit.ts'
import { texts } from './layout.tsx'

/** What was refused about each field of a form that is shown again; nothing at first. */
export const NOTHING_REFUSED: FieldMessages = new Map()

/** What was typed into a field: a form that nobody typed into may have sent anything. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** What stands below a field need not name it, as a list of refusals must. */
const BELOW_A_FIELD: Partial<Record<MessageId, MessageId>> = {
  'v.accepted': 'field.accepted',
  'v.code': 'field.code',
  'v.control': 'field.control',
  'v.digits': 'field.digits',
  'v.email': 'field.email',
  'v.guessable': 'field.guessable',
  'v.max': 'field.max',
  'v.min': 'field.min',
  'v.old_password': 'field.old_password',
  'v.phone': 'field.phone',
  'v.required': 'field.required',
  'v.same_email': 'field.same_email',
  'v.string': 'field.string',
  'v.taken': 'field.taken',
  'v.username_pattern': 'field.username_pattern',
  'v.username_phone': 'field.username_phone',
  'v.username_upper': 'field.username_upper',
}

const refusalsOf = (visit: Visit, refused: FieldMessages, name: string): readonly string[] => {
  const t = texts(visit)
  const field = fieldName(visit.language, name)
  return (refused.get(name) ?? []).map(({ id, values }) => t(BELOW_A_FIELD[id] ?? id, { field, ...values }))
}

interface TextField {
  readonly name: string
  readonly label: MessageId
  /** `text` by default. */
  readonly type?: 'email' | 'tel' | 'password'
  readonly value?: string
  readonly autocomplete: string
  readonly inputmode?: 'numeric'
  readonly pattern?: string
  readonly minlength?: number
  readonly maxlength?: number
  readonly autocapitalize?: 'none'
  readonly autofocus?: boolean
  /** Below the input, until something is refused about it. */
  readonly hint?: string
  /** For `code-boxes.js`: what each box in place of the input is called, a line each. */
  readonly 'data-boxes'?: string
}

/** An input with its label above it, and below it a hint or what was refused about it. */
export const textField = (visit: Visit, refused: FieldMessages, field: TextField): VNode => {
  const { name, label, hint, ...attributes } = field
  const refusals = refusalsOf(visit, refused, name)
  const isRefused = refusals.length > 0
  const note = isRefused ? refusals.join(' ') : hint
  const noteId = `${name}-note`
  const marks = {
    ...(note === undefined ? {} : { 'aria-describedby': noteId }),
    ...(isRefused ? { 'aria-invalid': 'true' } : {}),
  }
  // Preact's types know one set of attributes for each type of input, and none for all of them.
  const all: object = { name, required: true, ...attributes, ...marks }
  return (
    <label>
      {texts(visit)(label)}
      <input {...all} />
      {note === undefined ? null : <small id={noteId}>{note}</small>}
    </label>
  )
}

/** A new password of at least so many characters, typed twice. Never filled in again. */
export const newPasswordFields = (
  visit: Visit,
  refused: FieldMessages,
  minlength: number,
  label: MessageId = 'password.new',
): VNode => {
  const secret = { type: 'password', autocomplete: 'new-password', minlength } as const
  const hint = texts(visit)('password.hint', { count: minlength })
  return (
    <>
      {textField(visit, refused, { name: 'password', label, hint, ...secret })}
      {textField(visit, refused, { name: 'password_confirmation', label: 'password.again', ...secret })}
    </>
  )
}

/** The password that somebody signed in has, asked again before what cannot be undone. */
export const currentPasswordField = (visit: Visit, refused: FieldMessages): VNode =>
  textField(visit, refused, {
    name: 'current_password',
    label: 'password.current',
    type: 'password',
    autocomplete: 'current-password',
  })

/** What a page with a `codeField` loads. */
export const CODE_SCRIPTS: readonly string[] = ['code-boxes.js', 'countdown.js']

/** Digits that were sent to somebody. */
export const codeField = (visit: Visit, refused: FieldMessages, digits: number): VNode => {
  const t = texts(visit)
  const boxes = Array.from({ length: digits }, (_, index) => t('code.digit', { number: index + 1, digits }))
  return textField(visit, refused, {
    name: 'code',
    label: 'recovery.code',
    inputmode: 'numeric',
    autocomplete: 'one-time-code',
    pattern: `[0-9]{${digits}}`,
    maxlength: digits,
    'data-boxes': boxes.join('\n'),
  })
}

/** Where it was sent, in a sentence of the page, and how long it is good for; null: until it is used. */
export const sentCode = (visit: Visit, sent: string, lifetimeMinutes: number | null): VNode => (
  <p>
    {sent} {lifetimeMinutes === null ? null : texts(visit)('recovery.lifetime', { count: lifetimeMinutes })}
  </p>
)

/** Digits with blanks between them; whatever is longer is no code. */
const LONGEST_TYPED_CODE = 64

/** What was typed there, or into a field for each digit, as apps and scripts of the reference know the form. */
export const typedCode = ({ input }: Visit, digits: number): string => {
  const digitsOf = (value: unknown) => (typeof value === 'number' ? String(value) : textOf(value))
  const boxes = Array.from({ length: digits }, (_, index) => digitsOf(input[`number_${index + 1}`]))
  const typed = digitsOf(input.code ?? boxes.join(''))
  return typed.length > LONGEST_TYPED_CODE ? '' : typed.replaceAll(/\s/g, '')
}

/** What was refused about no field that a person fills in, such as a captcha. */
export const otherRefusals = (visit: Visit, refused: FieldMessages, name: string): VNode | null => {
  const refusals = refusalsOf(visit, refused, name)
  return refusals.length === 0 ? null : (
    <p class="refused" role="alert">
      {refusals.join(' ')}
    </p>
  )
}
