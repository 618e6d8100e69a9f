import type { VNode } from 'preact'
import type { Visit } from '../../nouns/visit.ts'
import { texts } from '../../panel/layout.tsx'

/** What the other device scans. */
export const codePicture = (visit: Visit, basePath: string, token: string): VNode => (
  <img
    class="qr"
    src={`${basePath}/auth_tokens/qrcode/${token}`}
    alt={texts(visit)('code_sign_in.picture')}
    width="320"
    height="320"
  />
)

/** What both devices show. */
export const codePhrase = (visit: Visit, phrase: string): VNode => (
  <p class="phrase">
    {texts(visit)('code_sign_in.phrase')} <strong>{phrase}</strong>
  </p>
)
