import type { ComponentChildren, VNode } from 'preact'
import { render } from 'preact-render-to-string'
import type { MessageId } from '../messages/messages.ts'
import { assetPath, huePath } from './assets.ts'
import { Crumbs, type Head, PageHead } from './components/head.tsx'
import { Icon } from './components/icon.tsx'
import type { IconName } from './components/icons.ts'
import { Note } from './components/note.tsx'
import { htmlDocument } from './document.tsx'
import { type Kit, KitContext, useKit } from './kit.tsx'
import { AppShell, type DocsPath, DocsShell, isFew, PublicShell, type Surroundings } from './shell.tsx'

/** What a page says, and how it is answered with. */
export interface Page extends Head {
  readonly children?: ComponentChildren | undefined
  /** Before the title where the page is about one event: a question, an error, something that is done. */
  readonly badge?: { readonly icon: IconName; readonly tone?: 'good' | 'bad' } | undefined
  /** Below all of it, outside of its card: other ways to go. */
  readonly below?: ComponentChildren | undefined
  /** Its parts are cards of their own, in columns; otherwise it is one. */
  readonly cards?: boolean | undefined
  /** Much to read, as wide as the window lets it. */
  readonly wide?: boolean | undefined
  /** Documentation to read: which of its pages this is. `children` are its contents and its text, title included. */
  readonly docs?: DocsPath | undefined
  readonly status?: number | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Origins that a captcha of somebody else needs for its script and frame. */
  readonly foreign?: readonly string[] | undefined
  /** Assets of ours by their names, or a captcha's by its URL. */
  readonly scripts?: readonly string[] | undefined
  /** Its path and query by GET, for other languages; null: nowhere, it answers a form. Itself by default. */
  readonly address?: string | null | undefined
  /** The session has just ended: the page is a visitor's. */
  readonly signedOut?: boolean | undefined
  /** Without scripts, the page is loaded again after so long: what it waits for may have come. */
  readonly lookAgainSeconds?: number | undefined
}

/** Who sees a page, and what is said with it. */
export interface Audience {
  readonly kit: Kit
  readonly around: Omit<Surroundings, 'address'>
  /** The account waits for its confirmation. */
  readonly isUnconfirmed: boolean
  /** What is said once, about what was just done. */
  readonly flash: MessageId | null
}

/** A form that was refused starts at the first field that was: attributes are the only place where those quotes stand. */
const withFocus = (content: string): string => content.replace(' aria-invalid="true"', '$& autofocus')

const Badge = ({ badge }: Pick<Page, 'badge'>): VNode | null =>
  badge === undefined ? null : (
    <span class={badge.tone === undefined ? 'badge' : `badge ${badge.tone}`}>
      <Icon name={badge.icon} />
    </span>
  )

/** What was just done, and what is still to do. */
const News = ({ flash, isUnconfirmed }: Pick<Audience, 'flash' | 'isUnconfirmed'>): VNode => {
  const { t, href } = useKit()
  return (
    <>
      {isUnconfirmed ? (
        <Note tone="warn">
          {t('panel.not_activated')} <a href={href('/email/change')}>{t('panel.not_activated_go')}</a>
        </Note>
      ) : null}
      {flash === null ? null : (
        <Note tone="good" role="status">
          {t(flash)}
        </Note>
      )}
    </>
  )
}

/** A page that is one card, its title included. */
const OneCard = ({ page: { title, lede, about, badge, steps, children } }: { page: Page }): VNode => (
  <section class="card">
    <Badge badge={badge} />
    <div class="stack tight">
      {steps ?? null}
      <h1>{title}</h1>
      {about === undefined ? null : <div class="row">{about}</div>}
      {lede === undefined ? null : <p class="muted id">{lede}</p>}
    </div>
    {children}
  </section>
)

/** Beside a menu, the head stands above the cards, or above the one card; one event has it in its card. */
const Sheet = ({ page }: { page: Page }): VNode => {
  const { badge, children, cards = false, wide = false, above, title } = page
  if (badge !== undefined) {
    return (
      <div class="measure stack">
        {above === undefined ? null : <Crumbs above={above} here={title} />}
        <OneCard page={page} />
      </div>
    )
  }
  return (
    <>
      <PageHead {...page} />
      {cards || wide ? children : <section class="card measure">{children}</section>}
    </>
  )
}

/** Where the page is to be had in other languages: where it says, or as it was asked for; null: nowhere. */
const addressOf = ({ address }: Page, asked: string, href: Kit['href']): string | null => {
  const path = address === undefined ? asked : address
  return path === null ? null : href(path)
}

/** The whole page as text. `respond.ts` answers with it. */
export const pageHtml = (audience: Audience, page: Page): string => {
  const { kit, around, isUnconfirmed, flash } = audience
  const { title, scripts = [], lookAgainSeconds, wide = false, docs } = page
  const { href, space, isSignedIn } = kit
  const inKit = (children: ComponentChildren) => <KitContext.Provider value={kit}>{children}</KitContext.Provider>
  const content = withFocus(
    render(
      inKit(
        docs === undefined ? (
          <>
            <News flash={flash} isUnconfirmed={isUnconfirmed} />
            {isSignedIn ? <Sheet page={page} /> : <OneCard page={page} />}
            {page.below}
          </>
        ) : (
          page.children
        ),
      ),
    ),
  )
  const loaded = [
    ...scripts,
    ...(content.includes('<time ') ? ['local-time.js'] : []),
    ...(content.includes(' data-hx-') ? ['htmx.js'] : []),
    ...(content.includes(' data-copy=') ? ['copy.js'] : []),
  ]
  const surroundings = { ...around, address: addressOf(page, around.path, href) }
  return htmlDocument({
    language: kit.language,
    title: `${title} – ${space.name}`,
    icon: href(space.logo === null ? assetPath('favicon.svg') : `/storage/img/${space.logo}`),
    stylesheets: [assetPath('panel.css'), huePath(space.themeHue)].map(href),
    scripts: [...new Set(loaded)].map((script) => (script.startsWith('https:') ? script : href(assetPath(script)))),
    lookAgainSeconds,
    body: docs !== undefined ? 'docs' : isSignedIn ? (isFew(around.menu) ? 'app person' : 'app') : 'public',
    children: inKit(
      docs !== undefined ? (
        <DocsShell around={surroundings} content={content} current={docs} />
      ) : isSignedIn ? (
        <AppShell around={surroundings} content={content} />
      ) : (
        <PublicShell around={surroundings} content={content} wide={wide} />
      ),
    ),
  })
}
