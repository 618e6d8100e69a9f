import type { VNode } from 'preact'
import { Qr } from '../../panel/components/credentials.tsx'
import { useKit } from '../../panel/kit.tsx'

/** What the other device scans. */
export const CodePicture = ({ token }: { token: string }): VNode => {
  const { t, href } = useKit()
  return <Qr src={href(`/auth_tokens/qrcode/${token}`)} alt={t('code_sign_in.picture')} />
}

/** What both devices show. */
export const CodePhrase = ({ phrase }: { phrase: string }): VNode => (
  <p class="phrase">
    {useKit().t('code_sign_in.phrase')} <strong>{phrase}</strong>
  </p>
)
