import type { ComponentChildren, VNode } from 'preact'
import { useKit } from '../kit.tsx'
import { Icon } from './icon.tsx'
import type { IconName } from './icons.ts'

export interface RowItem {
  readonly icon: IconName
  readonly tone?: 'good' | 'warn' | 'bad' | undefined
  readonly title: ComponentChildren
  /** Below the title, smaller. */
  readonly note?: ComponentChildren
  /** At the end of the row: what can be done with it. */
  readonly action?: ComponentChildren
  /** Below the rest, as wide as the row: a player, or what can be done with it where there is little room (`.below`). */
  readonly below?: ComponentChildren
  /** The page that the row leads to; it has no `action` then. */
  readonly to?: string
}

/** A few things, a row each. Many are a `Table`. */
export const Rows = ({ items, id }: { items: readonly RowItem[]; id?: string }): VNode => {
  const { href } = useKit()
  const areLinks = items.every(({ to }) => to !== undefined)
  return (
    <ul class={areLinks ? 'rows links' : 'rows acts'} id={id}>
      {items.map(({ icon, tone, title, note, action, below, to }) => (
        <li>
          <Icon name={icon} class={tone} />
          <div>
            <p>{to === undefined ? title : <a href={href(to)}>{title}</a>}</p>
            {note === undefined ? null : <small>{note}</small>}
          </div>
          {to === undefined ? (action ?? null) : <Icon name="chevron-right" small />}
          {below ?? null}
        </li>
      ))}
    </ul>
  )
}

export interface Happening {
  readonly icon: IconName
  readonly tone?: 'good' | 'warn' | 'bad' | undefined
  readonly what: ComponentChildren
  readonly when: ComponentChildren
}

/** What happened, the newest first. */
export const Timeline = ({ items }: { items: readonly Happening[] }): VNode => (
  <ol class="timeline">
    {items.map(({ icon, tone, what, when }) => (
      <li>
        <Icon name={icon} class={tone} />
        <p>{what}</p>
        <span class="muted small-text">{when}</span>
      </li>
    ))}
  </ol>
)

const CHECK = {
  pass: { class: 'pass', icon: 'pass' },
  fail: { class: 'fail', icon: 'fail' },
  wait: { class: 'wait', icon: 'pending' },
  later: { class: 'later', icon: 'minus' },
  goes: { class: 'fail', icon: 'x' },
  stays: { class: undefined, icon: 'minus' },
} as const

export interface Check {
  readonly outcome: keyof typeof CHECK
  readonly what: ComponentChildren
  readonly note?: ComponentChildren
}

/** Findings, a line each: what passed and what did not, or what goes and what stays. */
export const Checks = ({ items }: { items: readonly Check[] }): VNode => (
  <ul class="checks">
    {items.map(({ outcome, what, note }) => (
      <li class={CHECK[outcome].class}>
        <Icon name={CHECK[outcome].icon} />
        <div>
          {what}
          {note === undefined ? null : <small>{note}</small>}
        </div>
      </li>
    ))}
  </ul>
)

interface MeaningsProps {
  readonly of: readonly (readonly [name: string, meaning: ComponentChildren])[]
  /** The names are long, such as addresses. */
  readonly long?: boolean
}

/** What addresses, codes and members mean, for whoever reads documentation. */
export const Meanings = ({ of, long = false }: MeaningsProps): VNode => (
  <dl class={long ? 'params long' : 'params'}>
    {of.map(([name, meaning]) => (
      <div>
        <dt>
          <code>{name}</code>
        </dt>
        <dd>{meaning}</dd>
      </div>
    ))}
  </dl>
)
