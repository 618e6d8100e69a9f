import type { Config } from '../../config/config.ts'
import type { Visit } from '../../nouns/visit.ts'
import { currentPasswordField, NOTHING_REFUSED, newPasswordFields } from '../../panel/fields.tsx'
import { actionForm, type Form } from '../../panel/form-page.tsx'
import { texts } from '../../panel/layout.tsx'

/** `isRecovery`: a code has let the person in, who may also keep the password. */
export const passwordPage = (
  visit: Visit,
  config: Config,
  { isRecovery, asksForCurrent }: { isRecovery: boolean; asksForCurrent: boolean },
  refused = NOTHING_REFUSED,
): Form => {
  const t = texts(visit)
  const basePath = config.BASE_PATH
  return {
    title: 'password.title',
    action: '/password',
    button: 'password.set',
    refused,
    address: `${basePath}/password`,
    children: (
      <>
        <p>{t(isRecovery ? 'recovery.password_why' : 'password.why', { space: visit.space.name })}</p>
        {asksForCurrent ? currentPasswordField(visit, refused) : null}
        {newPasswordFields(visit, refused, config.ACCOUNT_PASSWORD_MIN_LENGTH)}
      </>
    ),
    after: isRecovery ? (
      <>
        <p>{t('recovery.keep_why')}</p>
        {actionForm(visit, basePath, { path: '/password/keep', button: 'recovery.keep', class: 'secondary' })}
      </>
    ) : null,
  }
}
