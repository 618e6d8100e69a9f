import type { VNode } from 'preact'
import type { FieldMessages } from '../../errors.ts'
import type { Visit } from '../../nouns/visit.ts'
import { textField } from '../../panel/fields.tsx'
import { texts } from '../../panel/layout.tsx'

/** An address is typed twice: a code that goes astray reaches nobody, or somebody else. */
export const emailFields = (visit: Visit, refused: FieldMessages, value: string, again: string): VNode => {
  const kind = { type: 'email', autocomplete: 'email', maxlength: 64 } as const
  return (
    <>
      {textField(visit, refused, { name: 'email', label: 'recovery.email', value, ...kind })}
      {textField(visit, refused, { name: 'email_confirmation', label: 'sign_up.email_again', value: again, ...kind })}
    </>
  )
}

export const phoneField = (visit: Visit, refused: FieldMessages, value: string): VNode =>
  textField(visit, refused, {
    name: 'phone',
    label: 'recovery.phone',
    type: 'tel',
    autocomplete: 'tel',
    value,
    hint: texts(visit)('sign_up.phone_hint'),
  })
