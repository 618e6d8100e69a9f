import type { FormPage } from '../../panel/answers.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import { NewPasswordFields } from '../../panel/components/new-password.tsx'
import type { Kit } from '../../panel/kit.tsx'

/** `least`: characters of a password. */
export const passwordPage = ({ t, space }: Kit, { token, least }: { token: string; least: number }): FormPage => ({
  title: t('password.title'),
  lede: t('reset.why', { space: space.name }),
  to: '/reset_password',
  button: t('password.set'),
  address: `/reset_password/${token}`,
  captcha: token,
  children: (
    <>
      <Hidden name="token" value={token} />
      <NewPasswordFields least={least} />
    </>
  ),
})
