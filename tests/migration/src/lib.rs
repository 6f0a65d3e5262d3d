//! The tests are in the folder `before`: each page of the guide about a migration shows a program
//! as it was, and the same program is compiled and run here.
