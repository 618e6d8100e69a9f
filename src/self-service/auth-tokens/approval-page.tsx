import type { Visit } from '../../nouns/visit.ts'
import { browserName } from '../../panel/browser-name.ts'
import { actionForm } from '../../panel/form-page.tsx'
import { page, texts } from '../../panel/layout.tsx'
import { moment } from '../../panel/moment.tsx'
import { LANDING } from '../../panel/navigation.ts'
import { codePhrase } from './sign-in-code.tsx'

interface Asking {
  readonly token: string
  readonly phrase: string
  /** The browser that wants to be signed in. */
  readonly browser: { readonly ip: string | null; readonly userAgent: string | null; readonly createdAt: Date }
  /** As whom. */
  readonly account: string
}

/** Whether to let in the browser whose code was scanned. */
export const approvalPage = (visit: Visit, basePath: string, { token, phrase, browser, account }: Asking): Response => {
  const t = texts(visit)
  const { ip, userAgent, createdAt } = browser
  return page(visit, basePath, {
    title: 'code_sign_in.approve_title',
    children: (
      <>
        <p>{t('code_sign_in.approve_why', { account })}</p>
        {codePhrase(visit, phrase)}
        <dl>
          <dt>{t('code_sign_in.browser')}</dt>
          <dd>{userAgent === null ? t('panel.unknown') : browserName(userAgent)}</dd>
          <dt>{t('panel.address')}</dt>
          <dd>{ip ?? t('panel.unknown')}</dd>
          <dt>{t('panel.time')}</dt>
          <dd>{moment(visit, createdAt)}</dd>
        </dl>
        <p>{t('code_sign_in.approve_warning')}</p>
        {actionForm(visit, basePath, {
          path: '/auth_tokens/auth/external',
          button: 'code_sign_in.approve',
          children: <input type="hidden" name="token" value={token} />,
        })}
        <p>
          <a href={basePath + LANDING}>{t('panel.cancel')}</a>
        </p>
      </>
    ),
  })
}
