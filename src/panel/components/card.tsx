import type { ComponentChildren, VNode } from 'preact'
import { Icon } from './icon.tsx'
import type { IconName } from './icons.ts'

interface CardProps {
  readonly title?: string
  /** At the end of its head: a link to all of it, or a remark. */
  readonly aside?: ComponentChildren
  /** What is inside reaches its edges: a table, or rows. */
  readonly flush?: boolean
  /** What is inside cannot be undone. */
  readonly danger?: boolean
  readonly id?: string
  readonly children: ComponentChildren
}

/** A part of a page that is about one thing. */
export const Card = ({ title, aside, flush = false, danger = false, id, children }: CardProps): VNode => (
  <section class={['card', flush ? 'flush' : '', danger ? 'danger-zone' : ''].filter(Boolean).join(' ')} id={id}>
    {title === undefined ? null : aside === undefined && !flush ? (
      <h2>{title}</h2>
    ) : (
      <header>
        <h2>{title}</h2>
        {aside}
      </header>
    )}
    {children}
  </section>
)

/** A name and what it is; false and null leave one out. */
export type Fact = readonly [name: ComponentChildren, value: ComponentChildren] | false | null

/** What is known of a thing, as a list of names and values. */
export const Facts = ({ children }: { children: readonly Fact[] }): VNode => (
  <dl class="facts">
    {children.map((fact) =>
      fact === false || fact === null ? null : (
        <>
          <dt>{fact[0]}</dt>
          <dd>{fact[1]}</dd>
        </>
      ),
    )}
  </dl>
)

interface SettingProps {
  readonly title: string
  readonly why?: ComponentChildren
  /** Nothing stands above it. */
  readonly first?: boolean
  readonly children: ComponentChildren
}

/** A group of fields of a long form, with what they are about beside them. */
export const FieldGroup = ({ title, why, first = false, children }: SettingProps): VNode => (
  <div class={first ? 'setting first' : 'setting'}>
    <div>
      <h2>{title}</h2>
      {why === undefined ? null : <p>{why}</p>}
    </div>
    <div class="stack">{children}</div>
  </div>
)

interface MoreProps {
  readonly title: string
  readonly icon?: IconName
  readonly open?: boolean
  readonly children: ComponentChildren
}

/** What is seldom needed, folded. */
export const More = ({ title, icon, open = false, children }: MoreProps): VNode => (
  <details class="more" open={open}>
    <summary>
      {icon === undefined ? null : <Icon name={icon} />}
      <span class="grow">{title}</span>
      <Icon name="chevron-right" small class="turn" />
    </summary>
    <div class="stack">{children}</div>
  </details>
)
