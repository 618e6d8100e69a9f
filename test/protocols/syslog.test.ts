import { expect, test } from 'bun:test'
import { counted, delimited, SEVERITY, type SyslogMessage, syslogMessage } from '../../src/protocols/syslog.ts'

const message: SyslogMessage = {
  facility: 'authpriv',
  severity: SEVERITY.info,
  time: new Date('2026-08-20T10:00:00.123Z'),
  host: 'accounts.example.org',
  program: 'sipkeeper',
  processId: 42,
  id: 'auth.digest.fail',
  text: 'event=auth.digest.fail ip=192.0.2.1',
}

test('nothing in a name ends the header', () => {
  const strange = { ...message, host: 'a b\n<1>é', id: 'x y\u0000', program: ' ' }
  expect(syslogMessage(strange)).toStartWith('<86>1 2026-08-20T10:00:00.123Z ab<1> - 42 xy - event=')
  expect(syslogMessage({ ...message, host: 'h'.repeat(300), id: 'i'.repeat(40) })).toContain(
    ` ${'h'.repeat(255)} sipkeeper 42 ${'i'.repeat(32)} - `,
  )
})

test('a message has the header of RFC 5424', () => {
  expect(syslogMessage(message)).toBe(
    '<86>1 2026-08-20T10:00:00.123Z accounts.example.org sipkeeper 42 auth.digest.fail - event=auth.digest.fail ip=192.0.2.1',
  )
})

test('its first number is eight times the facility and the severity', () => {
  const first = (facility: SyslogMessage['facility'], severity: SyslogMessage['severity']) =>
    syslogMessage({ ...message, facility, severity }).slice(0, 5)
  expect(first('daemon', SEVERITY.error)).toBe('<27>1')
  expect(first('daemon', SEVERITY.debug)).toBe('<31>1')
  expect(first('authpriv', SEVERITY.warning)).toBe('<84>1')
})

test('one that is of no kind, from a host without a name, says so', () => {
  expect(syslogMessage({ ...message, host: '', id: null })).toContain('.123Z - sipkeeper 42 - - event=')
})

test('a stream counts bytes, not characters', () => {
  expect(counted('aé🦊').toString()).toBe('7 aé🦊')
  expect(delimited('aé').toString()).toBe('aé\n')
})
