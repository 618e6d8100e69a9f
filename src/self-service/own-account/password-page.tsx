import type { FormPage } from '../../panel/answers.tsx'
import { CurrentPasswordField } from '../../panel/components/fields.tsx'
import { Action } from '../../panel/components/form.tsx'
import { NewPasswordFields } from '../../panel/components/new-password.tsx'
import type { Kit } from '../../panel/kit.tsx'

interface Choice {
  /** A code has let the person in, who may also keep the password. */
  readonly isRecovery: boolean
  readonly asksForCurrent: boolean
  /** So many characters it must have. */
  readonly least: number
}

export const passwordPage = ({ t, space }: Kit, { isRecovery, asksForCurrent, least }: Choice): FormPage => ({
  title: t('password.title'),
  lede: t(isRecovery ? 'recovery.password_why' : 'password.why', { space: space.name }),
  to: '/password',
  button: t('password.set'),
  address: '/password',
  children: (
    <>
      {asksForCurrent ? <CurrentPasswordField /> : null}
      <NewPasswordFields least={least} />
    </>
  ),
  after: isRecovery ? (
    <>
      <p class="muted">{t('recovery.keep_why')}</p>
      <Action to="/password/keep">{t('recovery.keep')}</Action>
    </>
  ) : null,
})
