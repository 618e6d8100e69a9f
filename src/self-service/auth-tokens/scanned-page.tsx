import type { Visit } from '../../nouns/visit.ts'
import type { Form } from '../../panel/form-page.tsx'
import { texts } from '../../panel/layout.tsx'

/** For a device that has scanned the code of somebody who is signed in: `account` is who it would be. */
export const scannedPage = (visit: Visit, token: string, account: string): Form => ({
  title: 'sign_in.title',
  action: '/auth_tokens/auth',
  button: 'sign_in.go',
  address: '',
  marks: { 'data-sign-in': true },
  before: <p>{texts(visit)('code_sign_in.as', { account })}</p>,
  children: <input type="hidden" name="token" value={token} />,
})
