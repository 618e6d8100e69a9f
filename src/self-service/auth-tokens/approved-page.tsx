import type { FormPage } from '../../panel/answers.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import type { Kit } from '../../panel/kit.tsx'

const TO = '/authenticate/qrcode'

/** For the browser whose code was approved: where scripts run, the form is sent as soon as it is there. */
export const approvedPage = ({ t, href }: Kit, token: string): FormPage => ({
  title: t('code_sign_in.approved'),
  lede: t('code_sign_in.approved_text'),
  badge: { icon: 'check', tone: 'good' },
  to: TO,
  button: t('sign_in.go'),
  address: `/authenticate/qrcode/${token}`,
  marks: { 'data-hx-post': href(TO), 'data-hx-trigger': 'load, submit' },
  children: <Hidden name="token" value={token} />,
})
