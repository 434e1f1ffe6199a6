-- 12,000 parcels and their ways, made by counting: the same script always gives the same data.
create table branch (
    number integer primary key,
    name text not null
);

create table shipment (
    number integer primary key,
    tracking_no text not null,
    mobile text not null,
    recipient_name text not null,
    origin integer not null references branch,
    destination integer not null references branch,
    register_date text not null,
    due_date text not null,
    last_step integer not null
);

create table tracking_event (
    shipment integer not null references shipment,
    step integer not null,
    tracking_id text not null,
    tracking_status text not null,
    tracking_detail text not null,
    action_date text not null,
    delivery_result text not null,
    branch integer not null references branch,
    primary key (shipment, step)
) without rowid;

create temporary table first_name (number integer primary key, name text not null);
create temporary table last_name (number integer primary key, name text not null);
create temporary table step (
    number integer primary key,
    hours integer not null,
    status text not null,
    detail text not null,
    result text not null
);

insert into branch (name) values
    ('บางรัก'), ('หลักสี่'), ('สามเสนใน'), ('บางเขน'), ('พระโขนง'), ('นนทบุรี'), ('ปทุมธานี'), ('สมุทรปราการ'),
    ('เชียงใหม่'), ('เชียงราย'), ('ลำปาง'), ('พิษณุโลก'), ('นครสวรรค์'), ('ขอนแก่น'), ('อุดรธานี'), ('นครราชสีมา'),
    ('อุบลราชธานี'), ('ชลบุรี'), ('ระยอง'), ('กาญจนบุรี'), ('สุราษฎร์ธานี'), ('นครศรีธรรมราช'), ('ภูเก็ต'), ('หาดใหญ่');

insert into first_name (name) values
    ('กมล'), ('กัญญา'), ('จิราพร'), ('ชลธิชา'), ('ณรงค์'), ('ดวงใจ'), ('ธีรพงษ์'), ('นภัสสร'), ('บุญชัย'), ('ปราณี'),
    ('พรทิพย์'), ('ภานุวัฒน์'), ('มนัส'), ('ยุพา'), ('ลลิตา'), ('วรเดช'), ('ศิริพร'), ('สุรชัย'), ('อรุณี'), ('เอกชัย');

insert into last_name (name) values
    ('แก้วมณี'), ('จันทร์หอม'), ('ชูศักดิ์'), ('ดีประเสริฐ'), ('ทรัพย์เจริญ'), ('นาคสุข'), ('บุญเรือง'), ('ปิ่นทอง'), ('พงษ์ไพร'),
    ('มั่นคง'), ('เรืองศรี'), ('วัฒนชัย'), ('ศรีวิไล'), ('สุขสวัสดิ์'), ('แสนสุข'), ('หอมหวาน'), ('อินทรสุวรรณ');

-- The way of a parcel. The last step of one in nine is 6, not 5: nobody was at home.
insert into step (number, hours, status, detail, result) values
    (1, 0, 'รับฝาก', 'รับเข้าระบบ ณ ที่ทำการต้นทาง', ''),
    (2, 6, 'ระหว่างขนส่ง', 'ออกจากที่ทำการต้นทาง', ''),
    (3, 20, 'ระหว่างขนส่ง', 'ถึงที่ทำการปลายทาง', ''),
    (4, 23, 'นำจ่าย', 'อยู่ระหว่างการนำจ่ายถึงผู้รับ', ''),
    (5, 26, 'นำจ่ายสำเร็จ', 'ผู้รับได้รับสิ่งของแล้ว', 'ผู้รับได้รับ'),
    (6, 27, 'นำจ่ายไม่สำเร็จ', 'ไม่พบผู้รับ รอนำจ่ายใหม่', 'ไม่มีผู้รับ');

-- A number is S10's: two letters, eight digits, a check digit, the country. The first parcel of each four is the same
-- customer's; the first customer's mobile number is 0812345678.
with recursive parcel (number) as (
    select 1
    union all
    select number + 1 from parcel where number < 12000
),
numbered as (
    select number, (number - 1) / 4 as customer, printf('%08d', 26000000 + number) as digits from parcel
),
checked as (
    select
        *,
        11 - (
            8 * substr(digits, 1, 1) + 6 * substr(digits, 2, 1) + 4 * substr(digits, 3, 1) + 2 * substr(digits, 4, 1)
            + 3 * substr(digits, 5, 1) + 5 * substr(digits, 6, 1) + 9 * substr(digits, 7, 1) + 7 * substr(digits, 8, 1)
        ) % 11 as rest
    from numbered
)
insert into shipment (number, tracking_no, mobile, recipient_name, origin, destination, register_date, due_date, last_step)
select
    checked.number,
    'EX' || digits || case rest when 10 then '0' when 11 then '5' else rest end || 'TH',
    printf('08%08d', (12345678 + customer * 7919) % 100000000),
    first_name.name || ' ' || last_name.name,
    (checked.number * 5) % 24 + 1,
    (customer * 7 + 8) % 24 + 1,
    date('2026-01-02', '+' || (checked.number % 330) || ' days'),
    date('2026-01-02', '+' || (checked.number % 330 + 3) || ' days'),
    case when checked.number % 9 = 0 then 6 when checked.number % 7 = 0 then checked.number % 4 + 1 else 5 end
from checked
join first_name on first_name.number = customer % 20 + 1
join last_name on last_name.number = customer % 17 + 1;

insert into tracking_event (shipment, step, tracking_id, tracking_status, tracking_detail, action_date, delivery_result, branch)
select
    shipment.number,
    step.number,
    printf('%d', shipment.number * 10 + step.number),
    step.status,
    step.detail,
    strftime('%Y-%m-%dT%H:%M:%S', shipment.register_date, '+' || (540 + shipment.number % 300 + step.hours * 60) || ' minutes'),
    step.result,
    case when step.number <= 2 then shipment.origin else shipment.destination end
from shipment
join step on step.number <= shipment.last_step and (step.number <> 5 or shipment.last_step = 5);

create unique index shipment_tracking_no on shipment (tracking_no);
create index shipment_mobile on shipment (mobile);

drop table first_name;
drop table last_name;
drop table step;
