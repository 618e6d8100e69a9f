import type { Config } from '../../config/config.ts'
import type { Visit } from '../../nouns/visit.ts'
import { NOTHING_REFUSED, newPasswordFields } from '../../panel/fields.tsx'
import type { Form } from '../../panel/form-page.tsx'
import { texts } from '../../panel/layout.tsx'

export const passwordPage = (visit: Visit, config: Config, token: string, refused = NOTHING_REFUSED): Form => ({
  title: 'password.title',
  action: '/reset_password',
  button: 'password.set',
  refused,
  address: `${config.BASE_PATH}/reset_password/${token}`,
  captchaSubject: token,
  children: (
    <>
      <p>{texts(visit)('reset.why', { space: visit.space.name })}</p>
      <input type="hidden" name="token" value={token} />
      {newPasswordFields(visit, refused, config.ACCOUNT_PASSWORD_MIN_LENGTH)}
    </>
  ),
})
