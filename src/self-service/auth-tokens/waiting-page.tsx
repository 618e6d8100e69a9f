import type { Visit } from '../../nouns/visit.ts'
import { page, texts } from '../../panel/layout.tsx'
import { countdown, moment } from '../../panel/moment.tsx'
import { codePhrase, codePicture } from './sign-in-code.tsx'

interface Waiting {
  readonly token: string
  readonly phrase: string
  readonly expiresAt: Date
  readonly secondsLeft: number
}

/** Where the browser looks again by itself, while scripts do not. */
const LOOK_AGAIN_SECONDS = 5

/** The code, until another device has approved it. */
export const waitingPage = (visit: Visit, basePath: string, waiting: Waiting): Response => {
  const { token, phrase, expiresAt, secondsLeft } = waiting
  const t = texts(visit)
  return page(visit, basePath, {
    title: 'sign_in.by_code',
    scripts: ['code-sign-in.js', 'countdown.js'],
    lookAgainSeconds: LOOK_AGAIN_SECONDS,
    children: (
      <div data-state={`${basePath}/authenticate/qrcode/${token}/state`}>
        <p>{t('code_sign_in.scan')}</p>
        {codePicture(visit, basePath, token)}
        {codePhrase(visit, phrase)}
        <p role="status">
          {t('code_sign_in.until')} {moment(visit, expiresAt)} {countdown(secondsLeft)}
        </p>
        <ul class="ways">
          <li>
            <a href={`${basePath}/authenticate/qrcode`}>{t('code_sign_in.another')}</a>
          </li>
          <li>
            <a href={`${basePath}/login`}>{t('sign_in.by_password')}</a>
          </li>
        </ul>
      </div>
    ),
  })
}
