import type { Visit } from '../../nouns/visit.ts'
import type { Form } from '../../panel/form-page.tsx'
import { texts } from '../../panel/layout.tsx'

/** For the browser whose code was approved: its script presses the button. */
export const approvedPage = (visit: Visit, token: string): Form => ({
  title: 'code_sign_in.approved',
  action: '/authenticate/qrcode',
  button: 'sign_in.go',
  address: '',
  scripts: ['code-sign-in.js'],
  marks: { 'data-sign-in': true },
  before: <p>{texts(visit)('code_sign_in.approved_text')}</p>,
  children: <input type="hidden" name="token" value={token} />,
})
