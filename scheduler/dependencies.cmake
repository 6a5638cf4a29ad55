# The policies in virtual time, as a program (bench/bench_scheduler.py).
add_executable(bench_scheduler EXCLUDE_FROM_ALL bench/micro/scheduler_main.cc)
target_link_libraries(bench_scheduler PRIVATE scheduler)
