-- Six teams of eight people, and their shifts for the years 2025 to 2027. Hours are TEXT, so that they stay exact.
create table shift (
    shift_name_code text not null primary key,
    shift_name text not null,
    start_time text not null,
    end_time text not null,
    working_hour text not null
) without rowid;

create table employee (
    employee_code text not null primary key,
    employee_name text not null,
    position text not null,
    team_group_no text not null,
    number integer not null
) without rowid;

create table calendar_day (
    on_date text not null primary key,
    month text not null,
    number integer not null
) without rowid;

create table roster (
    on_date text not null,
    employee_code text not null references employee,
    shift_name_code text not null references shift,
    primary key (on_date, employee_code)
) without rowid;

-- What a person did on a day, one row for each kind of it: a shift, overtime, a leave. A day off has none.
create table activity (
    employee_code text not null references employee,
    on_date text not null,
    position integer not null,
    day_activity text not null,
    working_hour text not null,
    ot_hour text not null,
    rlv_adm_hour text not null,
    primary key (employee_code, on_date, position)
) without rowid;

insert into shift (shift_name_code, shift_name, start_time, end_time, working_hour) values
    ('D', 'กะเช้า', '08:00', '16:00', '7.5'),
    ('E', 'กะบ่าย', '16:00', '00:00', '7.5'),
    ('N', 'กะดึก', '00:00', '08:00', '7.5'),
    ('O', 'วันหยุด', '', '', '0');

create temporary table first_name (number integer primary key, name text not null);
create temporary table last_name (number integer primary key, name text not null);
insert into first_name (name) values
    ('สมชาย'), ('สมหญิง'), ('ประเสริฐ'), ('วิไล'), ('อนุชา'), ('กนกวรรณ'), ('ธนากร'), ('พิมพ์ชนก'),
    ('ณัฐพล'), ('สุดารัตน์'), ('วีระ'), ('จันทร์เพ็ญ'), ('ชัยวัฒน์'), ('รัตนา'), ('เกรียงไกร'), ('มาลี');
insert into last_name (name) values
    ('ใจดี'), ('ศรีสุข'), ('วงศ์สวัสดิ์'), ('ทองคำ'), ('บุญมา'), ('แสงจันทร์'), ('พัฒนกุล'), ('รุ่งเรือง'), ('สายทอง');

with recursive person (number) as (
    select 1
    union all
    select number + 1 from person where number < 48
)
insert into employee (employee_code, employee_name, position, team_group_no, number)
select
    printf('%06d', 640000 + person.number),
    first_name.name || ' ' || last_name.name,
    case when person.number % 8 = 1 then 'หัวหน้ากะ' when person.number % 8 < 5 then 'พนักงานควบคุมระบบ' else 'ช่างเทคนิค' end,
    printf('TGN%010d', 228 + (person.number - 1) / 8),
    person.number
from person
join first_name on first_name.number = (person.number - 1) % 16 + 1
join last_name on last_name.number = (person.number - 1) % 9 + 1;

with recursive day (on_date, number) as (
    select '2025-01-01', 0
    union all
    select date(on_date, '+1 day'), number + 1 from day where on_date < '2027-12-31'
)
insert into calendar_day (on_date, month, number)
select on_date, substr(on_date, 1, 7), number from day;

-- Two days of each shift, then two days off; the members of a team follow one another.
insert into roster (on_date, employee_code, shift_name_code)
select
    calendar_day.on_date,
    employee.employee_code,
    substr('DENO', (calendar_day.number / 2 + employee.number) % 4 + 1, 1)
from calendar_day
cross join employee;

-- One worked day in 47 is a leave, one in 11 of the others has overtime.
insert into activity (employee_code, on_date, position, day_activity, working_hour, ot_hour, rlv_adm_hour)
select
    roster.employee_code,
    roster.on_date,
    1,
    case when (calendar_day.number * 13 + employee.number * 29) % 47 = 0 then 'ลาพักร้อน' else shift.shift_name end,
    case when (calendar_day.number * 13 + employee.number * 29) % 47 = 0 then '0' else shift.working_hour end,
    '0',
    case when (calendar_day.number * 13 + employee.number * 29) % 47 = 0 then shift.working_hour else '0' end
from roster
join calendar_day on calendar_day.on_date = roster.on_date
join employee on employee.employee_code = roster.employee_code
join shift on shift.shift_name_code = roster.shift_name_code
where roster.shift_name_code <> 'O';

insert into activity (employee_code, on_date, position, day_activity, working_hour, ot_hour, rlv_adm_hour)
select activity.employee_code, activity.on_date, 2, 'ล่วงเวลา', '0', case when employee.number % 2 = 0 then '2.5' else '2' end, '0'
from activity
join calendar_day on calendar_day.on_date = activity.on_date
join employee on employee.employee_code = activity.employee_code
where activity.rlv_adm_hour = '0' and (calendar_day.number * 31 + employee.number * 17) % 11 = 0;

create index employee_team on employee (team_group_no);
create index calendar_month on calendar_day (month);

drop table first_name;
drop table last_name;
