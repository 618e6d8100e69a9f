import type { ComponentChildren, VNode } from 'preact'
import { Icon } from './icon.tsx'
import type { IconName } from './icons.ts'

const ICON_OF = { good: 'pass', warn: 'warning', bad: 'fail' } as const satisfies Record<string, IconName>

interface NoteProps {
  readonly tone?: keyof typeof ICON_OF | undefined
  /** `status`: read out when the page has come. `alert`: it interrupts, for what was refused. */
  readonly role?: 'status' | 'alert'
  /** What to do about it. */
  readonly actions?: ComponentChildren
  readonly children: ComponentChildren
}

/** A remark that stands out from the page. */
export const Note = ({ tone, role, actions, children }: NoteProps): VNode => (
  <div class={tone === undefined ? 'note' : `note ${tone}`} role={role}>
    <Icon name={tone === undefined ? 'info' : ICON_OF[tone]} />
    <div>{children}</div>
    {actions === undefined ? null : <div class="actions">{actions}</div>}
  </div>
)

interface EmptyProps {
  readonly icon: IconName
  readonly title: string
  /** The next step, as buttons. */
  readonly actions?: ComponentChildren
  readonly children: ComponentChildren
}

/** In place of a list that has nothing: why, and what to do next. */
export const Empty = ({ icon, title, actions, children }: EmptyProps): VNode => (
  <div class="empty">
    <span class="badge">
      <Icon name={icon} />
    </span>
    <h2>{title}</h2>
    <p>{children}</p>
    {actions === undefined ? null : <div class="actions">{actions}</div>}
  </div>
)
