import type { ComponentChildren, VNode } from 'preact'
import { useKit } from '../kit.tsx'
import { Breakable } from './address.tsx'
import { More } from './card.tsx'
import { Icon } from './icon.tsx'

interface CopyProps {
  /** Of its input, for labels and scripts. */
  readonly id: string
  readonly label: string
  readonly value: string
}

/** Something to be copied, with a button that does it where scripts run. */
export const CopyField = ({ id, label, value }: CopyProps): VNode => {
  const { t } = useKit()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="copy" data-copy={t('panel.copy')} data-copied={t('panel.copied')}>
        <input id={id} type="text" readonly value={value} autocomplete="off" spellcheck={false} />
      </div>
    </div>
  )
}

/** A text that is worth copying, in its line. */
export const CopyText = ({ children }: { children: string }): VNode => {
  const { t } = useKit()
  return (
    <span class="row" data-copy={t('panel.copy')} data-copied={t('panel.copied')}>
      <code>
        <Breakable>{children}</Breakable>
      </code>
    </span>
  )
}

interface SecretProps extends CopyProps {
  readonly title: string
  /** Why it has to be copied now. */
  readonly why: string
  /** Below it, such as how to use it. */
  readonly children?: ComponentChildren
}

/** A secret that is shown this once. */
export const SecretOnce = ({ title, why, children, ...copy }: SecretProps): VNode => (
  <section class="secret" role="status">
    <div class="row nowrap top">
      <Icon name="key" />
      <div>
        <h2>{title}</h2>
        <p>{why}</p>
      </div>
    </div>
    <CopyField {...copy} />
    {children}
  </section>
)

interface QrProps {
  /** Where the picture is, or the picture itself as a `data:` address. */
  readonly src: string
  /** What the picture is, for who cannot see it. */
  readonly alt: string
  readonly children?: ComponentChildren
}

/** A QR code that is there to be scanned at once: whoever came wants nothing else. */
export const Qr = ({ src, alt, children }: QrProps): VNode => (
  <figure class="qr">
    <img src={src} alt={alt} width="320" height="320" />
    {children === undefined ? null : <figcaption>{children}</figcaption>}
  </figure>
)

interface FoldedQrProps extends QrProps {
  /** What it is for: the words that open it. */
  readonly title: string
  readonly open?: boolean
  /** Below the picture and its caption: the same as a link, a button that replaces it. */
  readonly after?: ComponentChildren
}

/** A QR code that lets in whoever scans it, and is folded until somebody wants it. */
export const FoldedQr = ({ title, open = false, after, ...qr }: FoldedQrProps): VNode => (
  <More title={title} icon="qr-code" open={open}>
    <Qr {...qr} />
    {after}
  </More>
)
