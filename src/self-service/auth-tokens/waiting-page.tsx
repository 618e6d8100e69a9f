import { Link } from '../../panel/components/button.tsx'
import { Countdown, Moment } from '../../panel/components/moment.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import { CodePhrase, CodePicture } from './sign-in-code.tsx'

interface Waiting {
  readonly token: string
  readonly phrase: string
  readonly expiresAt: Date
  readonly secondsLeft: number
}

/** Where the browser looks again by itself, while scripts do not. */
const LOOK_AGAIN_SECONDS = 5

/** The code, until another device has approved it: `/state` then has the page loaded again. */
export const waitingPage = ({ t, href }: Kit, { token, phrase, expiresAt, secondsLeft }: Waiting): Page => ({
  title: t('sign_in.by_code'),
  lede: t('code_sign_in.scan'),
  scripts: ['countdown.js'],
  lookAgainSeconds: LOOK_AGAIN_SECONDS,
  children: (
    <div
      class="stack"
      data-hx-get={href(`/authenticate/qrcode/${token}/state`)}
      data-hx-trigger="every 3s"
      data-hx-swap="none"
    >
      <CodePicture token={token} />
      <CodePhrase phrase={phrase} />
      <p class="muted center" role="status">
        {t('code_sign_in.until')} <Moment at={expiresAt} /> <Countdown seconds={secondsLeft} />
      </p>
    </div>
  ),
  below: (
    <p class="center">
      <Link to="/authenticate/qrcode">{t('code_sign_in.another')}</Link>
      {' · '}
      <Link to="/login">{t('sign_in.by_password')}</Link>
    </p>
  ),
})
