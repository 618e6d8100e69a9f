import type { FormPage } from '../../panel/answers.tsx'
import { browserName } from '../../panel/browser-name.ts'
import { Facts } from '../../panel/components/card.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Note } from '../../panel/components/note.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { LANDING } from '../../panel/navigation.ts'
import { CodePhrase } from './sign-in-code.tsx'

interface Asking {
  readonly token: string
  readonly phrase: string
  /** The browser that wants to be signed in. */
  readonly browser: { readonly ip: string | null; readonly userAgent: string | null; readonly createdAt: Date }
  /** The account that the browser would be signed in to. */
  readonly account: string
}

/** Whether to let in the browser whose code was scanned. */
export const approvalPage = ({ t }: Kit, { token, phrase, browser, account }: Asking): FormPage => {
  const { ip, userAgent, createdAt } = browser
  return {
    title: t('code_sign_in.approve_title'),
    lede: t('code_sign_in.approve_why', { account }),
    badge: { icon: 'monitor' },
    address: `/auth_tokens/auth/external/${token}`,
    to: '/auth_tokens/auth/external',
    button: t('code_sign_in.approve'),
    cancel: [t('panel.cancel'), LANDING],
    children: (
      <>
        <CodePhrase phrase={phrase} />
        <Facts>
          {[
            [t('code_sign_in.browser'), userAgent === null ? t('panel.unknown') : browserName(userAgent)],
            [t('panel.address'), <span class="id">{ip ?? t('panel.unknown')}</span>],
            [t('panel.time'), <Moment at={createdAt} />],
          ]}
        </Facts>
        <Note tone="warn">{t('code_sign_in.approve_warning')}</Note>
        <Hidden name="token" value={token} />
      </>
    ),
  }
}
