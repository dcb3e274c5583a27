# Compiles test/native/*_test.cc and test/fuzz/*.cc, each a program of its own with all of native/codec and native/core:
# no Node, no operating system. Run from the repository's root; KIND is asan, plain or fuzz.
KIND ?= asan
OUT := build-native/$(KIND)
CXX_asan := g++
FLAGS_asan := -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
CXX_plain := g++
FLAGS_plain := -O1
CXX_fuzz := clang++-14
FLAGS_fuzz := -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
CXXFLAGS := $(shell node native/flags.js std lean warnings) -g -Werror -Inative -Itest/native
# Standard C++ of the newest GNU library does not compile with clang 14 in every corner; warnings are g++'s job.
CXXFLAGS_fuzz := -Wno-error

LIBRARY := $(shell find native/codec native/core -name '*.cc' | sort)
PROGRAMS := $(if $(filter fuzz,$(KIND)),$(wildcard test/fuzz/*.cc),$(wildcard test/native/*_test.cc))
OBJECTS := $(LIBRARY:%.cc=$(OUT)/%.o)

all: $(PROGRAMS:%.cc=$(OUT)/%)

$(PROGRAMS:%.cc=$(OUT)/%): %: %.o $(OBJECTS)
	$(CXX_$(KIND)) $(FLAGS_$(KIND)) -o $@ $^ -lpthread

$(OUT)/%.o: %.cc test/run/native.mk native/flags.js
	@mkdir -p $(@D)
	$(CXX_$(KIND)) $(CXXFLAGS) $(CXXFLAGS_$(KIND)) $(FLAGS_$(KIND)) -MMD -MP -c -o $@ $<

.DELETE_ON_ERROR:
.SECONDARY:
-include $(OBJECTS:.o=.d) $(PROGRAMS:%.cc=$(OUT)/%.d)
