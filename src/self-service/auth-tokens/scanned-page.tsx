import type { FormPage } from '../../panel/answers.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import type { Kit } from '../../panel/kit.tsx'

interface Scanned {
  readonly token: string
  /** Who the device would be. */
  readonly account: string
}

/** For a device that has scanned the code of somebody who is signed in. */
export const scannedPage = ({ t }: Kit, { token, account }: Scanned): FormPage => ({
  title: t('sign_in.title'),
  lede: t('code_sign_in.as', { account }),
  to: '/auth_tokens/auth',
  button: t('sign_in.go'),
  cancel: [t('panel.cancel'), '/login'],
  address: `/auth_tokens/auth/${token}`,
  children: <Hidden name="token" value={token} />,
})
