import type { ComponentChildren, VNode } from 'preact'
import { useKit } from '../kit.tsx'
import { Icon } from './icon.tsx'
import type { IconName } from './icons.ts'

/** `primary`: the one thing that a page is for. `danger`: leads to a question; `danger solid` answers it. */
export type Tone = 'primary' | 'plain' | 'danger' | 'danger solid'

export interface Look {
  readonly tone?: Tone | undefined
  readonly icon?: IconName | undefined
  readonly size?: 'small' | 'wide' | 'wide tall' | undefined
  /** What a row's button is about, for whoever hears it without its row. */
  readonly about?: string | undefined
}

export const classOf = ({ tone, size }: Look): string | undefined =>
  tone === undefined && size === undefined ? undefined : [tone, size].filter(Boolean).join(' ')

/** What stands inside of a button. */
export const Face = ({ icon, size, about, children }: Look & { children: ComponentChildren }): VNode => (
  <>
    {icon === undefined ? null : <Icon name={icon} small={size === 'small'} />}
    {children}
    {about === undefined ? null : <span class="hidden"> {about}</span>}
  </>
)

interface LinkProps extends Look {
  /** Below the base path, or an address of somebody else. */
  readonly to: string
  /** The browser saves what it gets. */
  readonly download?: boolean
  /** For `open-app.js`: it is clicked as soon as the page is there. */
  readonly 'data-open'?: boolean
  readonly children: ComponentChildren
}

const isOurs = (to: string) => to.startsWith('/')

/** A link that looks like a button. */
export const ButtonLink = ({ to, download = false, children, ...look }: LinkProps): VNode => {
  const { href } = useKit()
  return (
    <a
      class={['button', classOf(look)].filter(Boolean).join(' ')}
      href={isOurs(to) ? href(to) : to}
      rel={/^https?:/.test(to) ? 'noopener noreferrer' : undefined}
      download={download || undefined}
      data-open={look['data-open'] === true ? '' : undefined}
    >
      <Face {...look}>{children}</Face>
    </a>
  )
}

/** A link in a text. */
export const Link = ({ to, children }: { to: string; children: ComponentChildren }): VNode => {
  const { href } = useKit()
  return isOurs(to) ? (
    <a href={href(to)}>{children}</a>
  ) : (
    <a href={to} rel="noopener noreferrer">
      {children}
    </a>
  )
}

interface SubmitProps extends Look {
  /** What the form says of which button was pressed. */
  readonly name?: string
  readonly value?: string
  readonly children: ComponentChildren
}

/** The button of a form. */
export const Submit = ({ name, value, children, ...look }: SubmitProps): VNode => (
  <button type="submit" class={classOf(look)} name={name} value={value}>
    <Face {...look}>{children}</Face>
  </button>
)

/** Buttons in a row. */
export const Actions = ({ children }: { children: ComponentChildren }): VNode => <div class="actions">{children}</div>
