import type { Visit } from '../../nouns/visit.ts'
import { NOTHING_REFUSED } from '../../panel/fields.tsx'
import type { Form } from '../../panel/form-page.tsx'
import { texts } from '../../panel/layout.tsx'

export const checkPage = (visit: Visit, basePath: string, token: string, refused = NOTHING_REFUSED): Form => ({
  title: 'creation.title',
  action: '/creation_token/validate',
  button: 'creation.confirm',
  refused,
  address: `${basePath}/creation_token/check/${token}`,
  captchaSubject: token,
  children: (
    <>
      <p>{texts(visit)('creation.why')}</p>
      <input type="hidden" name="account_creation_request_token" value={token} />
    </>
  ),
})
