import type { ComponentChildren, VNode } from 'preact'
import { fieldName, type MessageId } from '../../messages/messages.ts'
import { type Kit, useKit } from '../kit.tsx'
import { Icon } from './icon.tsx'

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
  'v.not_a_contact': 'field.not_a_contact',
  'v.old_password': 'field.old_password',
  'v.phone': 'field.phone',
  'v.required': 'field.required',
  'v.same_email': 'field.same_email',
  'v.sip_uri': 'field.sip_uri',
  'v.string': 'field.string',
  'v.taken': 'field.taken',
  'v.username_pattern': 'field.username_pattern',
  'v.username_phone': 'field.username_phone',
  'v.username_upper': 'field.username_upper',
}

/** What was typed into a field: a form that nobody typed into may have sent anything. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** What is said below a field, or a group of them, about what was refused of it. */
export const refusalsOf = ({ t, language, refused }: Kit, name: string): readonly string[] => {
  const field = fieldName(language, name)
  return (refused.get(name) ?? []).map(({ id, values }) => t(BELOW_A_FIELD[id] ?? id, { field, ...values }))
}

/** What every field has. */
interface Field {
  readonly name: string
  readonly label: string
  /** Below the input, until something is refused about it. */
  readonly hint?: string | undefined
  /** Nobody has to fill it in; its label says so. */
  readonly optional?: boolean
  /** Only some choices in its form ask for it: browsers do not insist, the server does. */
  readonly depends?: boolean
  /** Beside the label: a way out for who cannot fill it in. */
  readonly beside?: ComponentChildren
}

/** What the input of a field carries: its name, whether it must be filled in, what is said about it. */
export interface Marks {
  readonly id: string
  readonly name: string
  readonly required: boolean
  readonly 'aria-describedby'?: string
  readonly 'aria-invalid'?: 'true'
}

interface FrameProps extends Field {
  readonly input: (marks: Marks) => ComponentChildren
}

/** A label, the input that `input` makes of its marks, and below it a hint or what was refused. */
const FieldFrame = ({ name, label, hint, optional = false, depends = false, beside, input }: FrameProps): VNode => {
  const kit = useKit()
  const refusals = refusalsOf(kit, name)
  const isRefused = refusals.length > 0
  const note = `${name}-note`
  const marks: Marks = {
    id: name,
    name,
    required: !optional && !depends,
    ...(isRefused || hint !== undefined ? { 'aria-describedby': note } : {}),
    ...(isRefused ? { 'aria-invalid': 'true' } : {}),
  }
  return (
    <div class="field">
      <label for={name}>
        {label}
        {optional ? <small> {kit.t('panel.optional')}</small> : null}
      </label>
      {input(marks)}
      {isRefused ? (
        <p class="error" id={note}>
          <Icon name="alert" small />
          <span>{refusals.join(' ')}</span>
        </p>
      ) : hint === undefined ? null : (
        <p class="hint" id={note}>
          {hint}
        </p>
      )}
      {beside === undefined ? null : <div class="beside">{beside}</div>}
    </div>
  )
}

interface TextFieldProps extends Field {
  /** `text` by default. A password or a code is never filled in again. */
  readonly type?: 'email' | 'tel' | 'password' | 'number' | 'url' | 'date'
  /** Before anybody has typed; a form that is shown again has what was typed. */
  readonly value?: string | number | undefined
  readonly autocomplete?: string
  readonly inputmode?: 'numeric'
  readonly pattern?: string
  readonly minlength?: number
  readonly maxlength?: number
  readonly min?: number
  readonly max?: number
  readonly autocapitalize?: 'none'
  readonly autofocus?: boolean
  readonly readonly?: boolean
  /** What follows the text and is not typed, such as `@sip.example.org`. */
  readonly suffix?: string
  readonly class?: 'short' | 'date' | 'code-input'
  /** For `code-boxes.js`: what each box in place of the input is called, a line each. */
  readonly 'data-boxes'?: string
}

/** One line of text. */
export const TextField = (props: TextFieldProps): VNode => {
  const { name, label, hint, optional, depends, beside, value, suffix, autocomplete = 'off', ...attributes } = props
  const { refused, input: typed } = useKit()
  const isSecret = props.type === 'password' || autocomplete === 'one-time-code'
  const shown = refused.size > 0 && name in typed ? textOf(typed[name]) : value
  const filled = isSecret ? {} : { value: shown }
  const frame = { name, label, hint, beside, optional: optional ?? false, depends: depends ?? false }
  // Preact's types know one set of attributes for each type of input, and none for all of them.
  const all = (marks: Marks): object => ({ ...marks, type: 'text', autocomplete, ...attributes, ...filled })
  const input = (marks: Marks) => <input {...all(marks)} />
  return (
    <FieldFrame
      {...frame}
      input={(marks) =>
        suffix === undefined ? (
          input(marks)
        ) : (
          <div class="affix">
            {input(marks)}
            <span>{suffix}</span>
          </div>
        )
      }
    />
  )
}

/** The password that somebody signed in has, asked again before what cannot be undone. */
export const CurrentPasswordField = (asked: Pick<Field, 'depends' | 'hint'>): VNode => (
  <TextField
    name="current_password"
    label={useKit().t('password.current')}
    type="password"
    autocomplete="current-password"
    {...asked}
  />
)

/** Digits that were sent to somebody. Its page loads `CODE_SCRIPTS`. */
export const CodeField = ({ digits }: { digits: number }): VNode => {
  const { t } = useKit()
  const boxes = Array.from({ length: digits }, (_, index) => t('code.digit', { number: index + 1, digits }))
  return (
    <TextField
      name="code"
      label={t('recovery.code')}
      class="code-input"
      inputmode="numeric"
      autocomplete="one-time-code"
      pattern={`[0-9]{${digits}}`}
      maxlength={digits}
      data-boxes={boxes.join('\n')}
    />
  )
}

/** What a page with a `CodeField` loads. */
export const CODE_SCRIPTS: readonly string[] = ['code-boxes.js', 'countdown.js']

export interface Option {
  readonly value: string
  readonly label: string
  /** What choosing it means. */
  readonly hint?: string
  /** It cannot be chosen. */
  readonly disabled?: boolean
}

interface ChosenProps extends Field {
  readonly options: readonly Option[]
  /** Of a `ChoiceField`: two beside each other, where there is room. */
  readonly across?: boolean
  /** What is chosen before anybody has chosen. */
  readonly value?: string | undefined
}

/** What is chosen: what was, in a form that is shown again; a button of its own sends less than the whole form. */
const chosen = ({ refused, input }: Kit, name: string, value: string | undefined): string | undefined =>
  refused.size > 0 && name in input ? textOf(input[name]) : value

/** One of many. */
export const SelectField = ({ options, value, ...field }: ChosenProps): VNode => {
  const current = chosen(useKit(), field.name, value)
  return (
    <FieldFrame
      {...field}
      input={(marks) => (
        <select {...marks}>
          {options.map((option) => (
            <option value={option.value} selected={option.value === current} disabled={option.disabled}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    />
  )
}

/** One of a few, each with what it means. */
export const ChoiceField = ({ name, label, hint, options, value, across = false }: ChosenProps): VNode => {
  const kit = useKit()
  const current = chosen(kit, name, value)
  const refusals = refusalsOf(kit, name)
  const note = refusals.length > 0 ? refusals.join(' ') : hint
  return (
    <fieldset aria-describedby={note === undefined ? undefined : `${name}-note`}>
      <legend>{label}</legend>
      <div class={across ? 'choice across' : 'choice'}>
        {options.map((option) => (
          <label>
            <input
              type="radio"
              name={name}
              value={option.value}
              required
              checked={option.value === current && option.disabled !== true}
              disabled={option.disabled}
              aria-invalid={refusals.length > 0 ? 'true' : undefined}
            />
            <span>
              {option.label}
              {option.hint === undefined ? null : <small>{option.hint}</small>}
            </span>
          </label>
        ))}
      </div>
      {note === undefined ? null : (
        <p class={refusals.length > 0 ? 'error' : 'hint'} id={`${name}-note`}>
          {note}
        </p>
      )}
    </fieldset>
  )
}

/**
 * Fields that only one choice asks for, of a `forward_to`, or `typed` of a `makes_password`; the others hide them where
 * browsers can tell.
 */
export const OnlyWith = ({ choice, children }: { choice: string; children: ComponentChildren }): VNode => (
  <div data-only={choice}>{children}</div>
)

interface AreaProps extends Field {
  readonly value?: string | undefined
  readonly rows?: number
  readonly maxlength?: number
  /** Written for machines, in letters of one width. */
  readonly code?: boolean
}

/** Text of several lines. */
export const TextArea = ({ value, rows = 5, maxlength, code = false, ...field }: AreaProps): VNode => {
  const { refused, input } = useKit()
  return (
    <FieldFrame
      {...field}
      input={(marks) => (
        <textarea {...marks} class={code ? 'code' : undefined} rows={rows} maxLength={maxlength}>
          {refused.size > 0 ? textOf(input[field.name]) : value}
        </textarea>
      )}
    />
  )
}

interface FileProps extends Field {
  /** Media types and endings, as `accept` of HTML has them. */
  readonly accept: string
}

/** A file. The form that it stands in has `upload`. */
export const FileField = ({ accept, ...field }: FileProps): VNode => (
  <FieldFrame {...field} input={(marks) => <input {...marks} type="file" accept={accept} />} />
)

interface TickProps {
  readonly name: string
  readonly label: ComponentChildren
  readonly hint?: string
  readonly checked?: boolean
  readonly required?: boolean
  readonly disabled?: boolean
  /** What it says when it is on; `1` by default. */
  readonly value?: string
}

const isTicked = ({ refused, input }: Kit, name: string, value: string, checked: boolean): boolean =>
  refused.size > 0 ? input[name] === value : checked

/** Something to agree to, or to take along. */
export const Checkbox = (props: TickProps): VNode => {
  const { name, label, hint, checked = false, required = false, disabled = false, value = '1' } = props
  const kit = useKit()
  const refusals = refusalsOf(kit, name)
  return (
    <div class="field">
      <label>
        <input
          type="checkbox"
          name={name}
          value={value}
          required={required}
          disabled={disabled}
          checked={isTicked(kit, name, value, checked)}
          aria-invalid={refusals.length > 0 ? 'true' : undefined}
          aria-describedby={refusals.length > 0 ? `${name}-note` : undefined}
        />
        <span>
          {label}
          {hint === undefined ? null : <small>{hint}</small>}
        </span>
      </label>
      {refusals.length === 0 ? null : (
        <p class="error" id={`${name}-note`} role="alert">
          <Icon name="alert" small />
          <span>{refusals.join(' ')}</span>
        </p>
      )}
    </div>
  )
}

/** A checkbox says by itself whether it is on. */
const SWITCH: object = { role: 'switch' }

/** Something that is on or off. */
export const Switch = ({ name, label, hint, checked = false, disabled = false, value = '1' }: TickProps): VNode => (
  <label class="toggle">
    <span>
      {label}
      {hint === undefined ? null : <small>{hint}</small>}
    </span>
    <input
      type="checkbox"
      {...SWITCH}
      name={name}
      value={value}
      checked={isTicked(useKit(), name, value, checked)}
      disabled={disabled}
    />
  </label>
)

/** What was refused about no field of the page, such as a captcha. It stands by itself, so it says what it is about. */
export const OtherRefusals = ({ name }: { name: string }): VNode | null => {
  const { t, language, refused } = useKit()
  const field = fieldName(language, name)
  const refusals = (refused.get(name) ?? []).map(({ id, values }) => t(id, { field, ...values }))
  return refusals.length === 0 ? null : (
    <div class="note bad" role="alert">
      <Icon name="fail" />
      <div>{refusals.join(' ')}</div>
    </div>
  )
}

/** The `lede` of a page that asks for a code: where it was sent, and how long it is good for; null: until it is used. */
export const SentCode = ({ sent, minutes }: { sent: string; minutes: number | null }): VNode => (
  <>
    {sent} {minutes === null ? null : useKit().t('recovery.lifetime', { count: minutes })}
  </>
)
