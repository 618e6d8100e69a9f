import type { VNode } from 'preact'
import { TextField } from '../../panel/components/fields.tsx'
import { useKit } from '../../panel/kit.tsx'

/** An address is typed twice: a code that goes astray reaches nobody, or somebody else. */
export const EmailFields = ({ value, again }: { value: string; again: string }): VNode => {
  const { t } = useKit()
  const kind = { type: 'email', autocomplete: 'email', maxlength: 64 } as const
  return (
    <>
      <TextField name="email" label={t('recovery.email')} value={value} {...kind} />
      <TextField name="email_confirmation" label={t('sign_up.email_again')} value={again} {...kind} />
    </>
  )
}

export const PhoneField = ({ value }: { value: string }): VNode => {
  const { t } = useKit()
  return (
    <TextField
      name="phone"
      label={t('recovery.phone')}
      type="tel"
      autocomplete="tel"
      value={value}
      hint={t('sign_up.phone_hint')}
    />
  )
}
