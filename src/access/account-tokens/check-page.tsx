import type { FormPage } from '../../panel/answers.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import type { Kit } from '../../panel/kit.tsx'

/** An app has sent somebody here to show that they are one. */
export const checkPage = ({ t }: Kit, token: string): FormPage => ({
  title: t('creation.title'),
  lede: t('creation.why'),
  to: '/creation_token/validate',
  button: t('creation.confirm'),
  address: `/creation_token/check/${token}`,
  captcha: token,
  children: <Hidden name="account_creation_request_token" value={token} />,
})
