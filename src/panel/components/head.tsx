import type { ComponentChildren, VNode } from 'preact'
import { useKit } from '../kit.tsx'

/** A page above this one: its name, and its path below the base path. */
export type Crumb = readonly [name: string, to: string]

/** The way down to this page. */
export const Crumbs = ({ above, here }: { above: readonly Crumb[]; here: string }): VNode => {
  const { t, href } = useKit()
  return (
    <nav class="crumbs" aria-label={t('panel.where')}>
      <ol>
        {above.map(([name, to]) => (
          <li>
            <a href={href(to)}>{name}</a>
          </li>
        ))}
        <li>
          <span aria-current="page">{here}</span>
        </li>
      </ol>
    </nav>
  )
}

/** A part of a thing, or one of several ways: a page of its own each. */
export interface Tab {
  readonly label: string
  readonly to: string
  readonly count?: number | undefined
}

interface TabsProps {
  /** What the tabs are of. */
  readonly label: string
  readonly tabs: readonly Tab[]
  /** The path of the one that is open. */
  readonly current: string
}

export const Tabs = ({ label, tabs, current }: TabsProps): VNode => {
  const { href } = useKit()
  return (
    <nav class="tabs" aria-label={label}>
      <ul>
        {tabs.map((tab) => (
          <li>
            <a href={href(tab.to)} aria-current={tab.to === current ? 'page' : undefined}>
              {tab.label}
              {tab.count === undefined ? null : <span class="count"> {tab.count}</span>}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

/** The same for a few values of one view, such as its period. */
export const Segments = ({ label, tabs, current }: TabsProps): VNode => {
  const { href } = useKit()
  return (
    <nav class="segments" aria-label={label}>
      {tabs.map((tab) => (
        <a href={href(tab.to)} aria-current={tab.to === current ? 'true' : undefined}>
          {tab.label}
        </a>
      ))}
    </nav>
  )
}

/** Where somebody is in a task of several pages; `current` counts from 0. */
export const Steps = ({ steps, current }: { steps: readonly string[]; current: number }): VNode => (
  <ol class="steps" aria-label={useKit().t('panel.steps')}>
    {steps.map((step, index) => (
      <li class={index < current ? 'done' : undefined} aria-current={index === current ? 'step' : undefined}>
        {step}
      </li>
    ))}
  </ol>
)

/** The first letters of a name, in place of a picture. */
export const Avatar = ({ name, large = false }: { name: string; large?: boolean }): VNode => (
  <span class={large ? 'avatar large' : 'avatar'} aria-hidden="true">
    {initialsOf(name)}
  </span>
)

const initialsOf = (name: string): string => {
  const words = name.split(/[\s._-]+/).filter(Boolean)
  return words
    .slice(0, 2)
    .map((word) => [...word][0] ?? '')
    .join('')
    .toUpperCase()
}

/** What a page's head says besides its title. */
export interface Head {
  readonly title: string
  readonly lede?: ComponentChildren | undefined
  /** How many things the page lists. */
  readonly count?: ComponentChildren | undefined
  readonly above?: readonly Crumb[] | undefined
  readonly steps?: VNode | undefined
  /** Beside the title: whom the page is about. */
  readonly avatar?: string | undefined
  /** Below the title: an address, states. */
  readonly about?: ComponentChildren | undefined
  readonly actions?: ComponentChildren | undefined
}

export const PageHead = ({ title, lede, count, above, steps, avatar, about, actions }: Head): VNode => {
  const name = (
    <>
      <h1>
        {title}
        {count === undefined ? null : (
          <span class="count" id="count">
            {count}
          </span>
        )}
      </h1>
      {about === undefined ? null : <div class="row">{about}</div>}
      {lede === undefined ? null : <p class="lede">{lede}</p>}
    </>
  )
  return (
    <div class="head">
      {above === undefined ? null : <Crumbs above={above} here={title} />}
      <div>
        {steps ?? null}
        {avatar === undefined ? (
          name
        ) : (
          <div class="who">
            <Avatar name={avatar} large />
            <div>{name}</div>
          </div>
        )}
      </div>
      {actions === undefined ? null : <div class="actions">{actions}</div>}
    </div>
  )
}
