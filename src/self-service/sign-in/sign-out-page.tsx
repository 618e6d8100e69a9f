import type { FormPage } from '../../panel/answers.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { LANDING } from '../../panel/navigation.ts'

export const signOutPage = ({ t }: Kit): FormPage => ({
  title: t('sign_out.title'),
  lede: t('sign_out.why'),
  badge: { icon: 'sign-out' },
  to: '/logout',
  button: t('sign_out.title'),
  cancel: [t('panel.cancel'), LANDING],
  address: '/logout',
})
