import type { ComponentChildren, VNode } from 'preact'
import { Icon } from './icon.tsx'
import type { IconName } from './icons.ts'

interface Props {
  /** Without one it is neither good nor bad. `accent`: of the Space; `line`: a group that something belongs to. */
  readonly tone?: 'good' | 'warn' | 'bad' | 'accent' | 'line' | undefined
  readonly icon?: IconName
  readonly children: ComponentChildren
}

/** A word about something, such as its state or its role. A state has an icon or says by itself how good it is. */
export const Chip = ({ tone, icon, children }: Props): VNode => (
  <span class={tone === undefined ? 'chip' : `chip ${tone}`}>
    {icon === undefined ? null : <Icon name={icon} />}
    {children}
  </span>
)

/** The same for columns full of them. */
export const State = ({ tone, icon, children }: Props): VNode => (
  <span class={tone === undefined ? 'state' : `state ${tone}`}>
    {icon === undefined ? null : <Icon name={icon} />}
    {children}
  </span>
)
