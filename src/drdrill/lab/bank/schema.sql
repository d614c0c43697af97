-- The books. Every promise of the bank has its row in transfers and its two rows in entries.

CREATE TABLE accounts (
    account       int PRIMARY KEY,
    opening_paise bigint NOT NULL,
    balance_paise bigint NOT NULL,
    floor_paise   bigint NOT NULL,
    seq           bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);  -- room for new versions of a row on its own page: updates then touch no index

CREATE TABLE transfers (
    op_id        bigint PRIMARY KEY,
    debit        int NOT NULL,
    credit       int NOT NULL,
    amount_paise bigint NOT NULL CHECK (amount_paise > 0)
);

CREATE TABLE entries (
    entry_id     bigserial PRIMARY KEY,
    op_id        bigint NOT NULL,
    account      int NOT NULL,
    amount_paise bigint NOT NULL,
    seq          bigint NOT NULL,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT booked_once UNIQUE (op_id, account),
    CONSTRAINT one_history UNIQUE (account, seq)
);

-- One entry, and the balance and sequence that follow from it.
CREATE FUNCTION post(op bigint, of_account int, amount bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    position bigint;
BEGIN
    UPDATE accounts SET balance_paise = balance_paise + amount, seq = seq + 1
        WHERE account = of_account RETURNING seq INTO STRICT position;
    INSERT INTO entries (op_id, account, amount_paise, seq) VALUES (op, of_account, amount, position);
    RETURN position;
END $$;

-- The money moves, if both accounts exist and the funds suffice. Rows are locked in account order: no deadlock.
CREATE FUNCTION move(op bigint, from_account int, to_account int, amount bigint,
                     OUT verdict text, OUT debit_seq bigint, OUT credit_seq bigint) LANGUAGE plpgsql AS $$
DECLARE
    locked record;
    found_accounts int := 0;
    spendable bigint;
BEGIN
    FOR locked IN SELECT account, balance_paise - floor_paise AS spendable FROM accounts
        WHERE account IN (from_account, to_account) ORDER BY account FOR UPDATE
    LOOP
        found_accounts := found_accounts + 1;
        IF locked.account = from_account THEN spendable := locked.spendable; END IF;
    END LOOP;
    IF found_accounts < 2 THEN
        verdict := 'no such account';
    ELSIF spendable < amount THEN
        verdict := 'insufficient funds';
    ELSE
        verdict := 'done';
        debit_seq := post(op, from_account, -amount);
        credit_seq := post(op, to_account, amount);
    END IF;
END $$;

-- The money moves once for an op. The row in transfers is taken first: a second request with the same op waits here until the first
-- has ended, then sees it whole. (It holds no account yet, so nobody waits for it in turn.)
CREATE FUNCTION book(op bigint, from_account int, to_account int, amount bigint,
                     OUT verdict text, OUT debit_seq bigint, OUT credit_seq bigint) LANGUAGE plpgsql AS $$
DECLARE
    same boolean;
BEGIN
    INSERT INTO transfers (op_id, debit, credit, amount_paise) VALUES (op, from_account, to_account, amount)
        ON CONFLICT (op_id) DO NOTHING;
    IF FOUND THEN
        SELECT * INTO verdict, debit_seq, credit_seq FROM move(op, from_account, to_account, amount);
        RETURN;
    END IF;
    SELECT debit = from_account AND credit = to_account AND amount_paise = amount INTO STRICT same
        FROM transfers WHERE op_id = op;
    IF NOT same THEN
        verdict := 'other details';
        RETURN;
    END IF;
    verdict := 'done';
    SELECT min(seq) INTO debit_seq FROM entries WHERE op_id = op AND account = from_account;
    SELECT min(seq) INTO credit_seq FROM entries WHERE op_id = op AND account = to_account;
END $$;

-- The newest ten entries of an account and its sequence, of one and the same moment.
CREATE FUNCTION statement(of_account int, OUT seq bigint, OUT entries json) RETURNS SETOF record
LANGUAGE sql STABLE AS $$
    SELECT a.seq, coalesce((
        SELECT json_agg(json_build_object('op_id', e.op_id, 'amount_paise', e.amount_paise, 'seq', e.seq, 'at', e.at)
                        ORDER BY e.seq DESC)
        FROM (SELECT * FROM entries WHERE account = a.account ORDER BY seq DESC LIMIT 10) AS e), '[]')
    FROM accounts AS a WHERE a.account = of_account
$$;
