import type { VNode } from 'preact'
import { useKit } from '../kit.tsx'
import { TextField } from './fields.tsx'

interface Props {
  /** So many characters it must have. */
  readonly least: number
  readonly label?: string
  /** Nobody has to choose one; its label says so. */
  readonly optional?: boolean
  /** Only one choice in its form asks for it. */
  readonly depends?: boolean
}

/** A new password, typed twice. */
export const NewPasswordFields = ({ least, label, ...asked }: Props): VNode => {
  const { t } = useKit()
  const secret = { type: 'password', autocomplete: 'new-password', minlength: least, ...asked } as const
  return (
    <>
      <TextField
        name="password"
        label={label ?? t('password.new')}
        hint={t('password.hint', { count: least })}
        {...secret}
      />
      <TextField name="password_confirmation" label={t('password.again')} {...secret} />
    </>
  )
}
