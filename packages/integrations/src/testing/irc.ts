import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

export type Said = { from: string; to: string; text: string; command: 'PRIVMSG' | 'NOTICE' }

export type IrcServerOptions = {
  /** Accounts that may sign in by SASL PLAIN; the server demands it where there are some. */
  accounts?: { [name: string]: string }
  /** Of the server (PASS). */
  password?: string
  /** Channels with a key. */
  keys?: { [channel: string]: string }
  /** Who says more lines than this without having waited for the answer to a ping is cut off. */
  flood?: number
}

type Person = { socket: Socket; nick: string; user: boolean; welcomed: boolean; negotiating: boolean; account: string | null; pass: string; channels: Set<string>; allowance: number }

/** An IRC server on 127.0.0.1: as much of RFC 1459 and IRCv3 (CAP, SASL PLAIN) as somebody who says things needs, and what can go wrong with it. */
export async function startIrcServer({ accounts = {}, flood = 8, keys = {}, password }: IrcServerOptions = {}) {
  const people = new Set<Person>()
  const said: Said[] = []
  const moderated = new Set<string>()
  const faults = { cutAfterNextLine: false, swallowPings: false }
  let connections = 0
  const needsSasl = Object.keys(accounts).length > 0

  const send = (person: Person, line: string) => void person.socket.write(`:irc.test ${line}\r\n`)
  const lower = (text: string) => text.toLowerCase()
  const withNick = (nick: string) => [...people].find(person => lower(person.nick) === lower(nick))

  function welcome(person: Person): void {
    if (person.welcomed || person.negotiating || person.nick === '' || !person.user) return
    if (password !== undefined && person.pass !== password) {
      send(person, `464 ${person.nick} :Password incorrect`)
      return void person.socket.end('ERROR :Closing Link: Bad Password\r\n')
    }
    person.welcomed = true
    send(person, `001 ${person.nick} :Welcome to the test ${person.nick}`)
    send(person, `005 ${person.nick} CHANTYPES=# CASEMAPPING=ascii :are supported by this server`)
    send(person, `376 ${person.nick} :End of /MOTD command.`)
  }

  const commands: { [command: string]: (person: Person, params: string[]) => void } = {
    CAP(person, [what = '', ...rest]) {
      const nick = person.nick || '*'
      if (what === 'LS') { person.negotiating = true; send(person, `CAP ${nick} LS :${needsSasl ? 'sasl=PLAIN server-time' : 'server-time'}`) }
      if (what === 'REQ') send(person, `CAP ${nick} ACK :${rest.join(' ')}`)
      if (what === 'END') { person.negotiating = false; welcome(person) }
    },
    AUTHENTICATE(person, [what = '']) {
      if (what === 'PLAIN') return void person.socket.write('AUTHENTICATE +\r\n')
      const [, name = '', given] = Buffer.from(what, 'base64').toString('utf8').split('\0')
      if (accounts[name] === undefined || accounts[name] !== given) return send(person, `904 ${person.nick || '*'} :SASL authentication failed`)
      person.account = name
      send(person, `900 ${person.nick || '*'} ${person.nick}!u@h ${name} :You are now logged in as ${name}`)
      send(person, `903 ${person.nick || '*'} :SASL authentication successful`)
    },
    PASS: (person, [given = '']) => { person.pass = given },
    NICK(person, [nick = '']) {
      if (withNick(nick) && withNick(nick) !== person) return send(person, `433 ${person.nick || '*'} ${nick} :Nickname is already in use`)
      person.nick = nick
      welcome(person)
    },
    USER(person) { person.user = true; welcome(person) },
    PING: (person, [token = '']) => { person.allowance = flood; if (!faults.swallowPings) person.socket.write(`:irc.test PONG irc.test :${token}\r\n`) },
    QUIT: person => { person.socket.end() },
    JOIN(person, [channel = '', key]) {
      if (keys[channel] !== undefined && keys[channel] !== key) return send(person, `475 ${person.nick} ${channel} :Cannot join channel (+k)`)
      person.channels.add(lower(channel))
      person.socket.write(`:${person.nick}!u@h JOIN ${channel}\r\n`)
      send(person, `366 ${person.nick} ${channel} :End of /NAMES list.`)
    },
    PRIVMSG: (person, params) => speak(person, 'PRIVMSG', params),
    NOTICE: (person, params) => speak(person, 'NOTICE', params),
  }

  function speak(person: Person, command: Said['command'], [to = '', text = '']: string[]): void {
    if (--person.allowance < 0) return void person.socket.end('ERROR :Closing Link: (Excess Flood)\r\n')
    if (to.startsWith('#') && (!person.channels.has(lower(to)) || moderated.has(lower(to)))) return send(person, `404 ${person.nick} ${to} :Cannot send to channel`)
    if (!to.startsWith('#') && !withNick(to)) return send(person, `401 ${person.nick} ${to} :No such nick/channel`)
    said.push({ from: person.nick, to, text, command })
    if (faults.cutAfterNextLine) { faults.cutAfterNextLine = false; person.socket.destroy() }
  }

  const server = createServer(socket => {
    connections++
    const person: Person = { socket, nick: '', user: false, welcomed: false, negotiating: false, account: null, pass: '', channels: new Set(), allowance: flood }
    people.add(person)
    let rest = ''
    socket.setEncoding('utf8')
    socket.on('data', (data: string) => {
      const lines = `${rest}${data}`.split(/\r?\n/)
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const [head = '', ...trailing] = line.split(/ :|^:/)
        const [command = '', ...params] = head.split(' ').filter(word => word !== '')
        commands[command.toUpperCase()]?.(person, trailing.length > 0 ? [...params, trailing.join(' :')] : params)
      }
    })
    socket.on('error', () => {})
    socket.on('close', () => { people.delete(person) })
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  return {
    port: (server.address() as AddressInfo).port,
    said, faults, moderated,
    connections: () => connections,
    nicks: () => [...people].map(({ nick }) => nick),
    account: (nick: string) => withNick(nick)?.account ?? null,
    kick(nick: string, channel: string): void {
      const person = withNick(nick)
      person?.channels.delete(lower(channel))
      person?.socket.write(`:op!u@h KICK ${channel} ${nick} :out\r\n`)
    },
    /** As after a while: people may say as much as at first. */
    refill: () => { for (const person of people) person.allowance = flood },
    cut: () => { for (const { socket } of people) socket.destroy() },
    stop: async () => {
      for (const { socket } of people) socket.destroy()
      await new Promise(resolve => { server.close(resolve) })
    },
  }
}
