import type { ComponentChildren, VNode } from 'preact'
import { useKit } from '../kit.tsx'
import type { Listing } from '../listing.ts'
import { Icon } from './icon.tsx'
import type { IconName } from './icons.ts'

export interface Column<Row> {
  readonly label: string
  readonly cell: (row: Row) => ComponentChildren
  /** What the list is sorted by when its head is followed: one of the listing's `sorts`. */
  readonly sort?: string
  /**
   * On a phone a row is an entry of two lines: `main` and `end` on the first, `sub` and `more` on the second, nothing else.
   * `wide`: where there is little room, the column goes. `num`: figures, which stand at the end of their column.
   */
  readonly place?: 'main' | 'end' | 'sub' | 'more' | 'wide' | 'more wide' | 'num' | 'num wide'
}

interface TableProps<Row> {
  /** What the table is of, for who cannot see where it stands. */
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly listing?: Listing
  /** What can be done with a row: a small button, or a `Menu`. */
  readonly actions?: ((row: Row) => ComponentChildren) | undefined
  /** For what is done with several rows: what a row is sent as, and what it is called. The table stands in a `Form`. */
  readonly pick?: { readonly name: string; readonly value: (row: Row) => string; readonly label: (row: Row) => string }
  readonly compact?: boolean
}

/** Said again, because a table whose rows phones show as entries is none to them otherwise. */
const as = (role: 'table' | 'rowgroup' | 'row' | 'columnheader' | 'rowheader' | 'cell'): object => ({ role })

/** Things of one kind, a row each. */
export function Table<Row>(props: TableProps<Row>): VNode {
  const { caption, columns, rows, listing, actions, pick, compact = false } = props
  const { t } = useKit()
  return (
    <table class={compact ? 'table stacked compact' : 'table stacked'} {...as('table')}>
      <caption class="hidden">{caption}</caption>
      <thead {...as('rowgroup')}>
        <tr {...as('row')}>
          {pick === undefined ? null : <td {...as('cell')} class="pick" />}
          {columns.map((column) => (
            <ColumnHead column={column} listing={listing} />
          ))}
          {actions === undefined ? null : (
            <th {...as('columnheader')} scope="col" class="last">
              <span class="hidden">{t('panel.actions')}</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody {...as('rowgroup')}>
        {rows.map((row) => (
          <tr {...as('row')}>
            {pick === undefined ? null : (
              <td {...as('cell')} class="pick">
                <input type="checkbox" name={pick.name} value={pick.value(row)} aria-label={pick.label(row)} />
              </td>
            )}
            {columns.map(({ cell, place }) =>
              place === 'main' ? (
                <th {...as('rowheader')} scope="row" class="main">
                  {cell(row)}
                </th>
              ) : (
                <td {...as('cell')} class={place}>
                  {cell(row)}
                </td>
              ),
            )}
            {actions === undefined ? null : (
              <td {...as('cell')} class={columns.some(({ place }) => place === 'end') ? 'last' : 'last end'}>
                {actions(row)}
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function ColumnHead<Row>(props: { column: Column<Row>; listing: Listing | undefined }): VNode {
  const { label, sort, place } = props.column
  const { listing } = props
  const { href } = useKit()
  const name = place?.includes('num') === true || place?.includes('wide') === true ? place : undefined
  if (sort === undefined || listing === undefined) {
    return (
      <th {...as('columnheader')} scope="col" class={name}>
        {label}
      </th>
    )
  }
  const isCurrent = listing.by === sort
  const isUp = isCurrent && !listing.isDescending
  return (
    <th
      {...as('columnheader')}
      scope="col"
      class={name}
      aria-sort={isCurrent ? (isUp ? 'ascending' : 'descending') : 'none'}
    >
      <a href={href(listing.link({ sort: isUp ? `-${sort}` : sort }))}>
        {label}
        <Icon name={isCurrent && listing.isDescending ? 'arrow-down' : 'arrow-up'} small />
      </a>
    </th>
  )
}

interface PagesProps {
  readonly listing: Listing
  /** How many there are in all, and on one page. */
  readonly total: number
  readonly size: number
}

/** The first, the last and those around the current one; null where some are left out. */
const shownPages = (page: number, last: number): readonly (number | null)[] => {
  const near = [1, page - 1, page, page + 1, last].filter((one) => one >= 1 && one <= last)
  const pages = [...new Set(near)].sort((a, b) => a - b)
  return pages.flatMap((one, index) => {
    const before = pages[index - 1] ?? one - 1
    return one - before > 2 ? [null, one] : one - before === 2 ? [one - 1, one] : [one]
  })
}

/** Which part of a list is shown, and the ways to its other pages. */
export const Pages = ({ listing, total, size }: PagesProps): VNode | null => {
  const { t, href, language } = useKit()
  const last = Math.max(1, Math.ceil(total / size))
  const page = Math.min(listing.page, last)
  const number = (value: number) => value.toLocaleString(language)
  const from = total === 0 ? 0 : (page - 1) * size + 1
  const to = Math.min(page * size, total)
  const link = (to: number) => href(listing.link({ page: to }))
  return (
    <nav class="pages" aria-label={t('panel.pages')}>
      <p>{t('panel.range', { from: number(from), to: number(to), total: number(total) })}</p>
      {last === 1 ? null : (
        <ul>
          {page === 1 ? null : (
            <li>
              <a href={link(page - 1)} rel="prev">
                <Icon name="chevron-left" small />
                <span class="word">{t('panel.previous')}</span>
              </a>
            </li>
          )}
          {shownPages(page, last).map((one) =>
            one === null ? (
              <li class="muted">…</li>
            ) : (
              <li>
                <a href={link(one)} aria-current={one === page ? 'page' : undefined}>
                  <span class="hidden">{t('panel.page')} </span>
                  {number(one)}
                </a>
              </li>
            ),
          )}
          {page === last ? null : (
            <li>
              <a href={link(page + 1)} rel="next">
                <span class="word">{t('panel.next')}</span>
                <Icon name="chevron-right" small />
              </a>
            </li>
          )}
        </ul>
      )}
    </nav>
  )
}

export interface MenuItem {
  readonly label: string
  readonly to: string
  readonly icon: IconName
  readonly danger?: boolean
}

interface MenuProps {
  /** What the button says; where it is only dots, what they are about. */
  readonly label: string
  readonly dots?: boolean
  readonly items: readonly MenuItem[]
}

/** More than fits: links that unfold. What deletes stands last and leads to a question. */
export const Menu = ({ label, dots = false, items }: MenuProps): VNode => {
  const { href } = useKit()
  return (
    <details class="menu end" name="menu">
      {dots ? (
        <summary class="button plain square small" aria-label={label}>
          <Icon name="more" />
        </summary>
      ) : (
        <summary class="button">
          {label}
          <Icon name="chevron-down" small />
        </summary>
      )}
      <div class="menu-list">
        {items.map(({ label: name, to, icon, danger }) => (
          <a class={danger === true ? 'bad' : undefined} href={href(to)}>
            <Icon name={icon} />
            {name}
          </a>
        ))}
      </div>
    </details>
  )
}

/** Above a table of more rows than one page shows: picks all of them, as `everything`, whether one was picked or none. */
export const Everything = ({ label }: { label: string }): VNode => (
  <label class="check everything">
    <input type="checkbox" name="everything" value="1" />
    <span>{label}</span>
  </label>
)

interface BulkProps {
  readonly label: string
  /** How many `Everything` picks; absent: there is none. */
  readonly all?: string | undefined
  readonly children: ComponentChildren
}

/** What can be done with the rows that were picked: buttons. It is there once one is, or all that were found. */
export const Bulk = ({ label, all, children }: BulkProps): VNode => (
  <section class="bulk" aria-label={label}>
    <b data-all={all}>{useKit().t('panel.picked')}</b>
    {children}
  </section>
)
