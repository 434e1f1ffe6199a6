-- Exchange rates in baht for one unit of a currency. Rates are TEXT: SQLite would keep a number as a binary fraction.
create table exchange_rate (
    currency text not null,
    on_date text not null,
    rate text not null,
    primary key (currency, on_date)
) without rowid;

-- What people write instead of a currency's code. `data` is the word that the documented example sends.
create table currency_word (
    word text not null primary key,
    currency text not null
) without rowid;

insert into exchange_rate (currency, on_date, rate) values
    ('USD', '2026-01-05', '31.245110'),
    ('USD', '2026-01-06', '31.184504'),
    ('EUR', '2026-01-05', '36.602245'),
    ('EUR', '2026-01-06', '36.517930'),
    ('JPY', '2026-01-05', '0.199421'),
    ('JPY', '2026-01-06', '0.199083'),
    ('GBP', '2026-01-06', '42.118756'),
    ('CNY', '2026-01-06', '4.462188'),
    ('SGD', '2026-01-06', '24.310042'),
    ('LAK', '2026-01-06', '0.001442');

insert into currency_word (word, currency) values
    ('data', 'USD'),
    ('ดอลลาร์สหรัฐ', 'USD'),
    ('ยูโร', 'EUR'),
    ('เยน', 'JPY'),
    ('ปอนด์สเตอร์ลิง', 'GBP'),
    ('หยวน', 'CNY'),
    ('ดอลลาร์สิงคโปร์', 'SGD'),
    ('กีบ', 'LAK');
