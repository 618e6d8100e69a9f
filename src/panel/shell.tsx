import type { VNode } from 'preact'
import type { Place as Entry } from '../http/frame.ts'
import { LANGUAGES, type Language, type MessageId, translate } from '../messages/messages.ts'
import type { Role } from '../nouns/caller.ts'
import { addressOfRecord } from '../protocols/sip-address.ts'
import { Avatar, Segments } from './components/head.tsx'
import { Icon } from './components/icon.tsx'
import { isIcon } from './components/icons.ts'
import { FORM_TOKEN_FIELD } from './csrf.ts'
import { type Kit, useKit } from './kit.tsx'
import { inlineMarkdown } from './markdown.tsx'
import { isBelow } from './navigation.ts'

/** What stands around a page. */
export interface Surroundings {
  readonly menu: readonly Entry[]
  /** The pattern of the route. */
  readonly route: string
  /** The page's own address with its query, below the base path. */
  readonly path: string
  /** Who is signed in. */
  readonly caller: { readonly username: string; readonly domain: string; readonly role: Role } | null
  /** For the forms of the frame; null: nobody is signed in. */
  readonly formToken: string | null
  /** Where the page can be had by GET in another language; null: nowhere, it answers a form. */
  readonly address: string | null
}

/** More places than this do not fit side by side at the thumb. */
const FEW = 5

interface ShellProps {
  readonly around: Surroundings
  /** What is inside of `main`, as HTML. */
  readonly content: string
}

const Skip = (): VNode => (
  <a class="skip" href="#main">
    {useKit().t('panel.skip')}
  </a>
)

const logoOf = ({ space, href }: Kit): string | null =>
  space.logo === null ? null : href(`/storage/img/${space.logo}`)

/** The logo of the Space, or the first letter of its name. */
const Tile = (): VNode => {
  const kit = useKit()
  const logo = logoOf(kit)
  return logo === null ? (
    <span class="tile" aria-hidden="true">
      {[...kit.space.name][0]?.toUpperCase()}
    </span>
  ) : (
    <img class="logo" src={logo} alt="" />
  )
}

const Copyright = (): VNode | null => {
  const { copyrightText } = useKit().space
  return copyrightText === null ? null : <span class="muted">{inlineMarkdown(copyrightText)}</span>
}

/** A few places have room at the foot of a phone; more are folded there. */
export const isFew = (menu: readonly Entry[]): boolean => {
  const places = menu.filter(isPlace)
  return places.length <= FEW && places.every(({ group }) => group === undefined)
}

const isPlace = ({ isPersonal = false }: Entry): boolean => !isPersonal

/** Below `body.app`: whoever is signed in sees where to go beside the page, on a phone above or below it. */
export const AppShell = ({ around, content }: ShellProps): VNode => {
  const { t, space, href } = useKit()
  return (
    <>
      <Skip />
      <header class="side">
        <a class="space" href={href('/')}>
          <Tile />
          <span class="cut">
            <b>{space.name}</b>
            <br />
            <small>{space.domain}</small>
          </span>
        </a>
        {isFew(around.menu) ? null : <MenuToggle />}
        <Places around={around} />
        <Person around={around} />
      </header>
      <main id="main" dangerouslySetInnerHTML={{ __html: content }} />
      <footer>
        <a href={href('/about')}>{t('about.title')}</a>
        <Copyright />
      </footer>
    </>
  )
}

const MenuToggle = (): VNode => (
  <details class="nav-toggle" name="frame">
    <summary>
      <Icon name="menu" />
      {useKit().t('panel.menu')}
    </summary>
  </details>
)

/** The place of the menu that the page is in, the innermost where one lies in another; null: in none. */
const currentOf = ({ menu, path }: Surroundings): string | null => {
  const [here = ''] = path.split('?')
  const around = menu.flatMap(({ path: entry, also = [] }) =>
    [entry, ...also].filter((place) => isBelow(here, place)).map((place) => ({ entry, place })),
  )
  return around.toSorted((a, b) => b.place.length - a.place.length)[0]?.entry ?? null
}

interface PlaceProps {
  readonly entry: Entry
  /** The path of the entry that the page is in. */
  readonly current: string | null
}

/** The menu: entries in a row belong to the group that the first of them names. */
const Places = ({ around }: { around: Surroundings }): VNode => {
  const { t } = useKit()
  const { menu } = around
  const current = currentOf(around)
  const groups = Map.groupBy(menu.filter(isPlace), ({ group }) => group)
  return (
    <nav class="nav" aria-label={t('panel.menu')}>
      {[...groups].map(([group, entries], index) => (
        <>
          {group === undefined ? null : (
            <p class="nav-group" id={`nav-${index}`}>
              {t(group)}
            </p>
          )}
          <ul aria-labelledby={group === undefined ? undefined : `nav-${index}`}>
            {entries.map((entry) => (
              <Place entry={entry} current={current} />
            ))}
          </ul>
        </>
      ))}
    </nav>
  )
}

const Place = ({ entry, current }: PlaceProps): VNode | null =>
  entry.label === undefined ? null : (
    <li>
      <PlaceLink entry={entry} current={current} />
    </li>
  )

const PlaceLink = ({ entry: { path, label, icon }, current }: PlaceProps): VNode | null => {
  const { t, href } = useKit()
  return label === undefined ? null : (
    <a href={href(path)} aria-current={path === current ? 'page' : undefined}>
      {icon !== undefined && isIcon(icon) ? <Icon name={icon} /> : null}
      {t(label)}
    </a>
  )
}

/** Who is signed in, what is theirs alone, in which language, and the way out. */
const Person = ({ around }: { around: Surroundings }): VNode | null => {
  const { t, href } = useKit()
  const { caller, formToken, menu } = around
  const current = currentOf(around)
  const personal = menu.filter((entry) => !isPlace(entry))
  if (caller === null || formToken === null) return null
  const address = addressOfRecord(caller)
  const role = caller.role === 'account' ? null : t(caller.role === 'super' ? 'panel.super' : 'panel.admin')
  return (
    <details class="menu me end" name="frame">
      <summary>
        <Avatar name={caller.username} />
        <span>
          <span class="hidden">{t('panel.your_menu')} </span>
          <b class="cut">{caller.username}</b>
          <small>{role ?? address}</small>
        </span>
        <Icon name="chevrons-up-down" small class="muted" />
      </summary>
      <div class="menu-list">
        <p class="id">{address}</p>
        <hr />
        {personal.map((entry) => (
          <PlaceLink entry={entry} current={current} />
        ))}
        {personal.length === 0 ? null : <hr />}
        <LanguageForm around={around} token={formToken} />
        <a href={href('/api')}>
          <Icon name="book-open" />
          {t('api.title')}
        </a>
        <hr />
        <form method="post" action={href('/logout')}>
          <input type="hidden" name={FORM_TOKEN_FIELD} value={formToken} />
          <button type="submit">
            <Icon name="sign-out" />
            {t('sign_out.title')}
          </button>
        </form>
      </div>
    </details>
  )
}

const nameOf = (language: Language): string => translate(language, { id: 'panel.language' })

/** The other languages for an account, which remembers; a page that answers a form comes back as where the form was. */
const LanguageForm = ({ around: { path, address }, token }: { around: Surroundings; token: string }): VNode | null => {
  const { href, language } = useKit()
  if (address === null) return null
  return (
    <form method="post" action={href('/language')}>
      <input type="hidden" name={FORM_TOKEN_FIELD} value={token} />
      <input type="hidden" name="next" value={path} />
      {LANGUAGES.filter((other) => other !== language).map((other) => (
        <button type="submit" name="language" value={other} lang={other}>
          <Icon name="globe" />
          {nameOf(other)}
        </button>
      ))}
    </form>
  )
}

/** The other languages for a visitor, whose browser remembers. */
const LanguageLinks = ({ address }: { address: string | null }): VNode => {
  const { language } = useKit()
  const others = LANGUAGES.filter((other) => other !== language && address !== null)
  return (
    <>
      {others.map((other) => (
        <a href={`${address}${address?.includes('?') ? '&' : '?'}lang=${other}`} lang={other} hreflang={other}>
          {nameOf(other)}
        </a>
      ))}
    </>
  )
}

const RADII = [70, 95, 120, 145, 170, 195, 219]

/** Below `body.public`: one narrow column with the name of the Space above it, ways to go below. */
export const PublicShell = ({ around, content, wide }: ShellProps & { wide: boolean }): VNode => {
  const { t, href, space } = useKit()
  const { menu, route, formToken, address } = around
  // Where the page itself leads to a place, the line below it does not say so again.
  const others = menu.filter(
    ({ path, label }) => label !== undefined && !isBelow(route, path) && !content.includes(`href="${href(path)}"`),
  )
  return (
    <>
      <Skip />
      <svg class="rings" viewBox="0 0 440 440" aria-hidden="true">
        {RADII.map((r) => (
          <circle cx="220" cy="220" r={r} />
        ))}
      </svg>
      <div class={wide ? 'column wide' : 'column'}>
        <header>
          <a class="brand" href={href('/')}>
            <Tile />
            {space.name}
          </a>
        </header>
        <main id="main" dangerouslySetInnerHTML={{ __html: content }} />
      </div>
      <footer>
        {formToken === null ? (
          <LanguageLinks address={address} />
        ) : (
          <>
            <LanguageForm around={around} token={formToken} />
            <form method="post" action={href('/logout')}>
              <input type="hidden" name={FORM_TOKEN_FIELD} value={formToken} />
              <button type="submit" class="link">
                {t('sign_out.title')}
              </button>
            </form>
          </>
        )}
        {others.map(({ path, label }) => (
          <a href={href(path)}>{label === undefined ? null : t(label)}</a>
        ))}
        {others.some(({ path }) => path === '/about') || route === '/about' ? null : (
          <a href={href('/about')}>{t('about.title')}</a>
        )}
        <Copyright />
      </footer>
    </>
  )
}

/** The pages of the documentation, and what they are called. */
const DOCS = {
  '/api': 'docs.api',
  '/provisioning/documentation': 'docs.provisioning',
  '/wizard/documentation': 'docs.wizard',
} as const satisfies Record<string, MessageId>

export type DocsPath = keyof typeof DOCS

/** Below `body.docs`: contents beside a long text, for whoever connects something to the server. */
export const DocsShell = ({ around, content, current }: ShellProps & { current: DocsPath }): VNode => {
  const { t, href, space } = useKit()
  const shown = (Object.keys(DOCS) as DocsPath[]).filter((path) => path !== '/wizard/documentation' || space.webPanel)
  return (
    <>
      <Skip />
      <header>
        <a class="brand" href={href('/')}>
          <Tile />
          {space.name}
        </a>
        <Segments
          label={t('docs.title')}
          tabs={shown.map((path) => ({ label: t(DOCS[path]), to: path }))}
          current={current}
        />
      </header>
      <main id="main" dangerouslySetInnerHTML={{ __html: content }} />
      <footer>
        <LanguageLinks address={around.address} />
        <a href={href('/about')}>{t('about.title')}</a>
        <Copyright />
      </footer>
    </>
  )
}
