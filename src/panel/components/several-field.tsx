import type { VNode } from 'preact'
import { useKit } from '../kit.tsx'
import { type Option, refusalsOf } from './fields.tsx'

interface SeveralProps {
  /** Sent as `name[]`. */
  readonly name: string
  readonly label: string
  readonly hint?: string
  readonly options: readonly Option[]
  /** What is ticked before anybody has ticked anything. */
  readonly values: readonly string[]
}

/** Some of a list, each with what it means. */
export const SeveralField = ({ name, label, hint, options, values }: SeveralProps): VNode => {
  const kit = useKit()
  const isUnticked = kit.refused.get(name)?.some(({ id }) => id === 'v.required' || id === 'v.choices') === true
  const refusals = isUnticked ? [kit.t('field.several')] : refusalsOf(kit, name)
  const given = kit.input[name]
  const ticked: readonly unknown[] = kit.refused.size > 0 ? (Array.isArray(given) ? given : []) : values
  const note = refusals.length > 0 ? refusals.join(' ') : hint
  return (
    <fieldset aria-describedby={note === undefined ? undefined : `${name}-note`}>
      <legend>{label}</legend>
      <div class="choice across">
        {options.map((option) => (
          <label>
            <input
              type="checkbox"
              name={`${name}[]`}
              value={option.value}
              checked={ticked.includes(option.value)}
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
